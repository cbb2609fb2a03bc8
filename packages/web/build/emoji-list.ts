import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

type Named = Readonly<Record<string, { readonly name: string; readonly group: string }>>;
type Keywords = Readonly<Record<string, readonly string[]>>;

/** Unicode's groups in the order of its chart; hair and skin, its components, are no emoji by themselves. */
const GROUPS = [
  'Smileys & Emotion',
  'People & Body',
  'Animals & Nature',
  'Food & Drink',
  'Travel & Places',
  'Activities',
  'Objects',
  'Symbols',
  'Flags',
];

/** `virtual:emoji-list`: of each emoji its characters, its name and the words it is found by, and its group. */
export function emojiList(): Plugin {
  const id = 'virtual:emoji-list';
  return {
    name: 'parley:emoji-list',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(loaded) {
      if (loaded !== `\0${id}`) return undefined;
      const require = createRequire(import.meta.url);
      const named = require('unicode-emoji-json/data-by-emoji.json') as Named;
      const keywords = require('emojilib') as Keywords;
      const list = Object.entries(named)
        .filter(([, { group }]) => GROUPS.includes(group))
        .map(([emoji, { name, group }]) => {
          const words = (keywords[emoji] ?? []).slice(1).map((word) => word.replaceAll('_', ' '));
          return [emoji, name, words.join(' '), GROUPS.indexOf(group)];
        });
      // A string parses faster than an object literal of that size.
      return `export const emojiList = JSON.parse(${JSON.stringify(JSON.stringify(list))});`;
    },
  };
}
