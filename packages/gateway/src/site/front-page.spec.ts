import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { frontPage, frontPagePolicy } from './front-page.js';

it('allows its own style and nothing else', () => {
  const style = /<style>(.*)<\/style>/s.exec(frontPage)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(frontPagePolicy).toContain(`style-src 'sha256-${hash}'`);
  expect(frontPage).not.toMatch(/<script|style="|onclick/);
});
