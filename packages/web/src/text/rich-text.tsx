import { useMemo } from 'preact/hooks';
import { type Block, type Inline, isJumbo, parseText } from './parse.js';

/** A text as it is shown: text nodes, with code and links set apart. */
export function RichText({ text }: { readonly text: string }) {
  const blocks = useMemo(() => (isJumbo(text) ? undefined : parseText(text)), [text]);
  if (blocks === undefined) return <p class="jumbo">{text}</p>;
  return <>{blocks.map(blockOf)}</>;
}

const blockOf = (block: Block, index: number) =>
  block.kind === 'code' ? (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <pre key={index} tabIndex={0}>
      <code>{block.text}</code>
    </pre>
  ) : (
    <p key={index} dir="auto">
      {block.inlines.map(inlineOf)}
    </p>
  );

function inlineOf(inline: Inline, index: number) {
  switch (inline.kind) {
    case 'text':
      return inline.text;
    case 'code':
      return <code key={index}>{inline.text}</code>;
    case 'link':
      return (
        <a
          key={index}
          href={inline.href}
          title={inline.href}
          target="_blank"
          rel="noopener noreferrer nofollow"
        >
          <bdi>{inline.text}</bdi>
        </a>
      );
    default:
      return inline satisfies never;
  }
}
