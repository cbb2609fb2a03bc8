import { isOver } from '@parley/domain/conversation/access';
import { stands } from '@parley/domain/conversation/state';
import { readStoredValue } from '../vault/stored-value.js';
import type { Vault } from '../vault/vault.js';
import type { VaultStream } from '../vault/vault-stream.js';
import type { CheckedFile } from './check-file.js';
import { openHere } from './content-here.js';
import { parsedChunks } from './parsed-chunks.js';
import { TransferRefused } from './refused.js';

/** How far, in ms, the newest event may be ahead of the time here. */
const AHEAD_MS = 60_000;

/**
 * Whether a conversation can be here, as far as that can be told without comparing events.
 *
 * @throws TransferRefused
 */
export async function requireRoom(
  { vaultStream, now }: { readonly vaultStream: Pick<VaultStream, 'newest'>; readonly now: () => number },
  { manifest, state, newestAt }: CheckedFile,
) {
  const { conversationId } = manifest;
  if (!stands(state) || isOver(state.expiresAt, now()))
    throw new TransferRefused(
      'absent',
      `the time of ${conversationId} is over: nothing of it is left to import`,
    );
  if (newestAt > now() + AHEAD_MS)
    throw new TransferRefused(
      'clock',
      `the newest event is of ${new Date(newestAt).toISOString()}, and here it is ${new Date(now()).toISOString()}: one of the clocks is wrong`,
    );
  const secret = await vaultStream.newest(`conversation.${conversationId}`);
  if (secret !== undefined && readStoredValue(secret.data)?.tag === 'marker')
    throw new TransferRefused('there', `${conversationId} was erased here: its id is not given again`);
}

/**
 * A file without keys is for the vault that it came from: the first of its chunks in which something is sealed says whether it is this one.
 *
 * @throws TransferRefused
 */
export async function requireOpening(
  vault: Pick<Vault, 'open'>,
  path: string,
  file: CheckedFile,
): Promise<void> {
  for await (const { events } of parsedChunks(path, file)) {
    const opens = (await openHere(vault, events)).filter((each) => each !== undefined);
    if (opens.includes(true)) return;
    if (opens.length === 0) continue;
    throw new TransferRefused(
      'passphrase',
      'the file is without keys, and the vault here does not open what is in it: nobody could ever read it here. --closed takes it all the same',
    );
  }
}
