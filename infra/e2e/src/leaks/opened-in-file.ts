import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signingKey } from '@parley/infra/erasure/proof/certificate';
import { checkFile } from '@parley/infra/transfer/check-file';
import { type ExportResources, exportConversation } from '@parley/infra/transfer/export-conversation';
import { parseChunk } from '@parley/infra/transfer/parse-chunk';
import { readChunks } from '@parley/infra/transfer/read-chunks';
import type { GivingVault } from '@parley/infra/vault/open-vault';

const PASSPHRASE = Buffer.from('correct horse battery staple');

/** All bodies that a file of this conversation opens by its passphrase, as it is written now. */
export async function openedInFile(
  resources: ExportResources,
  vault: Pick<GivingVault, 'ownKeys'>,
  conversationId: string,
): Promise<readonly unknown[]> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-leak-'));
  const path = join(directory, 'file');
  try {
    const keys = { vault, passphrase: PASSPHRASE, hardness: { passes: 1, memory: 8_192 } };
    const signed = signingKey(Buffer.alloc(32, 7));
    await exportConversation(resources, { conversationId, signingKey: signed, keys }, (text) =>
      appendFile(path, text),
    );
    const { key, header } = await checkFile(path, { passphrase: PASSPHRASE });
    const opened: unknown[] = [];
    let at = { chunk: 0, seq: 0, ...(key && { key }) };
    for await (const chunk of readChunks(path)) {
      const { events } = parseChunk(chunk, at.chunk === 0 ? at : { ...at, header });
      for (const event of events) if (event.opened !== undefined) opened.push(JSON.parse(event.opened));
      at = { ...at, chunk: at.chunk + 1, seq: at.seq + events.length };
    }
    return opened;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
