import { expect, it } from 'vitest';
import { openComplaints } from './complaints.js';

it('says what a worker complains of, a hundred lines in ten seconds, and how much it left out', () => {
  const lines: string[] = [];
  let at = 0;
  const log = {
    warn: (text: string) => void lines.push(text),
    error: (_: object, text: string) => void lines.push(text),
  };
  const complaints = openComplaints(log as never, () => at);
  for (let n = 0; n < 1_000; n++) complaints.error(`packet ${n}`, undefined);
  expect(lines).toEqual(Array.from({ length: 100 }, (_, n) => `packet ${n}`));
  at = 10_000;
  complaints.warn('another');
  complaints.warn('and another');
  expect(lines.slice(100)).toEqual([
    '900 more complaints of media workers were left out',
    'another',
    'and another',
  ]);
});
