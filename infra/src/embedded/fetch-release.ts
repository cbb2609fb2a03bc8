import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

/**
 * Downloads one file of a vendor's release and writes it only if it is the very file that was pinned.
 * An address that does not answer within 8 s is given up, so that machines behind a wall go on to the next way.
 */
export const downloadPinned = async (url: string, sha256: string, path: string): Promise<void> => {
  const gaveUp = new AbortController();
  const impatience = setTimeout(() => gaveUp.abort(new Error('no answer within 8 s')), 8_000);
  const response = await fetch(url, { signal: gaveUp.signal }).finally(() => clearTimeout(impatience));
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== sha256) throw new Error(`sha256 of ${url} is ${actual}, expected ${sha256}`);
  await writeFile(path, bytes);
};
