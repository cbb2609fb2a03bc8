import { describe, expect, it } from 'vitest';
import { isJumbo, parseText } from './parse.js';

const inlines = (text: string) =>
  parseText(text).flatMap((block) => (block.kind === 'paragraph' ? block.inlines : []));
const hrefs = (text: string) =>
  inlines(text).flatMap((inline) => (inline.kind === 'link' ? [inline.href] : []));

/** What is left of a text when marks are taken away. */
const said = (text: string) =>
  parseText(text)
    .map((block) =>
      block.kind === 'code' ? block.text : block.inlines.map((inline) => inline.text).join(''),
    )
    .join('');

describe('a text', () => {
  it('is text', () => {
    expect(parseText('hello <b>you</b> & me')).toEqual([
      { kind: 'paragraph', inlines: [{ kind: 'text', text: 'hello <b>you</b> & me' }] },
    ]);
  });

  it('has code in a line and in blocks, in which nothing else means anything', () => {
    expect(parseText('try `a https://x.org` or\n```sh\nls `x`\n\nhttps://y.org\n```\nthen')).toEqual([
      {
        kind: 'paragraph',
        inlines: [
          { kind: 'text', text: 'try ' },
          { kind: 'code', text: 'a https://x.org' },
          { kind: 'text', text: ' or\n' },
        ],
      },
      { kind: 'code', text: 'ls `x`\n\nhttps://y.org' },
      { kind: 'paragraph', inlines: [{ kind: 'text', text: 'then' }] },
    ]);
  });

  it('leaves a fence that nobody closed as it is', () => {
    expect(said('```\nopen')).toBe('```\nopen');
  });

  it('links what goes to the web or to a mailbox', () => {
    expect(hrefs('see https://example.org/a?b=c#d, www.example.org and ann@example.org.')).toEqual([
      'https://example.org/a?b=c#d',
      'http://www.example.org/',
      'mailto:ann@example.org',
    ]);
  });

  it.each([
    'javascript:alert(1)',
    'JavaScript://example.org/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox(1)',
    'file:///etc/passwd',
    'ftp://example.org/x',
    '//example.org/x',
  ])('does not link %s', (text) => {
    for (const href of hrefs(`go ${text} now`)) expect(href).toMatch(/^(?:https?|mailto):/);
    expect(hrefs(`go ${text} now`).some((href) => href.toLowerCase().includes('script'))).toBe(false);
    expect(said(`go ${text} now`)).toBe(`go ${text} now`);
  });

  it('shows where a link goes whose letters turn around', () => {
    const [link] = inlines('https://example.org/\u202egpj.exe').filter(({ kind }) => kind === 'link');
    expect(link?.text).not.toMatch(/\u202e/);
  });

  it('has at most eight marks on a letter, which is more than any language needs', () => {
    const vowels = 'שָׁלוֹם ก็ é';
    expect(parseText(vowels)).toEqual([{ kind: 'paragraph', inlines: [{ kind: 'text', text: vowels }] }]);
    expect(parseText(`Z${'\u0301'.repeat(500)}!`)).toEqual([
      { kind: 'paragraph', inlines: [{ kind: 'text', text: `Z${'\u0301'.repeat(8)}!` }] },
    ]);
  });

  it('of up to three emoji and nothing else is large', () => {
    expect(['👍', '👩‍🚀🎉', '🇵🇹🇵🇹🇵🇹'].map(isJumbo)).toEqual([true, true, true]);
    expect(['👍 ok', '1', '', '👍👍👍👍'].map(isJumbo)).toEqual([false, false, false, false]);
  });

  it('of 64 KiB of marks that nothing closes is read to its end', () => {
    const long = '`'.repeat(20_000) + 'http://a.b '.repeat(3_000) + '```\n'.repeat(3_000);
    expect(said(long).length).toBeGreaterThan(40_000);
  });
});
