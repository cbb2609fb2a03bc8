import type { CheckedFile } from './check-file.js';
import { type Parsed, parseChunk } from './parse-chunk.js';
import { readChunks } from './read-chunks.js';
import { TransferRefused } from './refused.js';

/**
 * The file again, from its beginning: it was checked a moment ago, and must be the same.
 *
 * @throws TransferRefused where it is not
 */
export async function* parsedChunks(path: string, { manifest, key }: CheckedFile): AsyncGenerator<Parsed> {
  const chunks = readChunks(path);
  let from: Parameters<typeof parseChunk>[1] = { chunk: 0, seq: 0, ...(key === undefined ? {} : { key }) };
  for await (const chunk of chunks) {
    if (chunk.sha256 !== manifest.chunks[from.chunk])
      throw new TransferRefused('broken', 'the file changed while it was read');
    const parsed = parseChunk(chunk, from);
    yield parsed;
    const { header, events } = parsed;
    from = { ...from, ...(header && { header }), chunk: from.chunk + 1, seq: from.seq + events.length };
  }
}
