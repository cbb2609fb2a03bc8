import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

type Entry = {
  readonly unicode: string;
  readonly label: string;
  readonly tags?: readonly string[];
  readonly group?: number;
  readonly order?: number;
};

/** Emojibase's group of hair and skin, which are no emoji by themselves. */
const COMPONENTS = 2;

/** `virtual:emoji-list`: of each emoji its characters, the words it is found by and its group, in the order of Unicode's chart. */
export function emojiList(): Plugin {
  const id = 'virtual:emoji-list';
  return {
    name: 'parley:emoji-list',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(loaded) {
      if (loaded !== `\0${id}`) return undefined;
      const all = createRequire(import.meta.url)('emojibase-data/en/compact.json') as readonly Entry[];
      const list = all
        .filter(({ group }) => group !== undefined && group !== COMPONENTS)
        .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
        .map(({ unicode, label, tags = [], group }) => [unicode, [label, ...tags].join(' '), group]);
      // A string parses faster than an object literal of that size.
      return `export const emojiList = JSON.parse(${JSON.stringify(JSON.stringify(list))});`;
    },
  };
}
