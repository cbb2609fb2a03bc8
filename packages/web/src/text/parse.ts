import { LinkifyIt } from 'linkify-it';

/** What a text consists of. Everything is text; a link also has somewhere to go. */
export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };
export type Block =
  | { readonly kind: 'paragraph'; readonly inlines: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string };

/** Blocks of code, code in a line, and links: nothing else means anything. */
export function parseText(written: string): readonly Block[] {
  const text = written.replaceAll(TOWERS, '$1');
  const blocks: Block[] = [];
  let end = 0;
  for (const match of text.matchAll(FENCE)) {
    paragraph(text.slice(end, match.index), blocks);
    blocks.push({ kind: 'code', text: match[1] as string });
    end = match.index + match[0].length;
  }
  paragraph(text.slice(end), blocks);
  return blocks;
}

/** Marks piled on one letter would paint over the messages around: no language piles more than this. */
const TOWERS = /(\p{M}{8})\p{M}+/gu;

/** Three backquotes that begin a line, perhaps a language, and three that end it. */
const FENCE = /(?<=^|\n)```[^\n`]*\n([\s\S]*?)\n?```(?=\n|$)\n?/g;

const CODE = /`([^`\n]+)`/g;

function paragraph(text: string, blocks: Block[]): void {
  if (text.trim() === '') return;
  const inlines: Inline[] = [];
  let end = 0;
  for (const match of text.matchAll(CODE)) {
    links(text.slice(end, match.index), inlines);
    inlines.push({ kind: 'code', text: match[1] as string });
    end = match.index + match[0].length;
  }
  links(text.slice(end), inlines);
  blocks.push({ kind: 'paragraph', inlines });
}

const finder = new LinkifyIt({ fuzzyLink: true }).add('ftp:', null).add('//', null);

/** Where a link of a message may go. */
const SCHEMES: readonly string[] = ['http:', 'https:', 'mailto:'];

function links(text: string, inlines: Inline[]): void {
  let end = 0;
  for (const { index, lastIndex, url } of finder.match(text) ?? []) {
    const href = URL.canParse(url) ? new URL(url) : undefined;
    if (href === undefined || !SCHEMES.includes(href.protocol)) continue;
    if (index > end) inlines.push({ kind: 'text', text: text.slice(end, index) });
    const shown = text.slice(index, lastIndex);
    // A text that turns its letters around must not hide where it goes.
    inlines.push({ kind: 'link', text: TURNS.test(shown) ? href.href : shown, href: href.href });
    end = lastIndex;
  }
  if (end < text.length) inlines.push({ kind: 'text', text: text.slice(end) });
}

/** Characters that change the direction of what follows. */
const TURNS = /[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/;

/** Whether it is up to three emoji and nothing else: those are shown large. */
export function isJumbo(text: string): boolean {
  if (text.length > 40) return false;
  const signs = [...graphemes.segment(text)];
  return signs.length > 0 && signs.length <= 3 && signs.every(({ segment }) => EMOJI.test(segment));
}

const graphemes = new Intl.Segmenter();

/** How an emoji begins. The property RGI_Emoji says it exactly, and costs seconds when it is compiled. */
const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|[0-9#*]\ufe0f?\u20e3)/u;
