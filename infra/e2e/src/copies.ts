import { searchDirectory } from '@parley/infra/erasure/proof/search-directory';
import type { Vault } from '@parley/infra/vault/vault';

/** Any of these bytes, as they are. */
const literally = (needles: readonly Uint8Array[]): RegExp =>
  new RegExp(
    needles
      .map((needle) =>
        Buffer.from(needle)
          .toString('latin1')
          .replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'),
      )
      .join('|'),
    'g',
  );

/** In which files of these directories any of these bytes are. */
export async function filesWith(
  directories: readonly string[],
  needles: readonly Uint8Array[],
): Promise<readonly string[]> {
  const found = new Set<string>();
  const longest = Math.max(...needles.map(({ length }) => length));
  for (const directory of directories)
    await searchDirectory(directory, {
      needle: literally(needles),
      longest,
      onFind: ({ file }) => void found.add(file),
    });
  return [...found];
}

/** Every sealed body of a message whose bytes are anywhere in a directory, whatever wrote them there. */
export async function sealedIn(directory: string): Promise<readonly string[]> {
  const found = new Set<string>();
  await searchDirectory(directory, {
    needle: /s1\.[tm]\d+-\d+\.[\w-]{40,2000}/g,
    longest: 2_100,
    onFind: ({ match }) => void found.add(match[0]),
  });
  return [...found];
}

/** The bodies among these that open, as they were written, where they are of one of these places. */
export async function openedOf(
  vault: Vault,
  bodies: readonly string[],
  places: readonly { readonly conversationId: string; readonly seq: number; readonly author: string }[],
): Promise<readonly string[]> {
  const opened = await vault.open(bodies.flatMap((opaque) => places.map((place) => ({ place, opaque }))));
  return [...new Set(opened.flatMap((each) => (each.tag === 'open' ? [each.json] : [])))];
}
