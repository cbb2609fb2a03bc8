import { evolve } from '@parley/domain/conversation/evolve';
import { type Conversation, initial } from '@parley/domain/conversation/state';
import { digestConversation } from '@parley/domain/log/conversation-digest';
import { digestHex } from '@parley/domain/log/digest';
import { BadFile, type Header } from './format.js';
import { parseChunk } from './parse-chunk.js';
import { keyOfNoted } from './passphrase.js';
import { foldPeople, type People } from './people.js';
import { readChunks, type Signed } from './read-chunks.js';
import { TransferRefused } from './refused.js';

export type CheckOptions = {
  /** Public keys of which one must have signed; without any, whoever signed is believed. */
  readonly trusted?: readonly string[];
  /** With it, that every key opens its body is checked too. */
  readonly passphrase?: Uint8Array;
  readonly onProgress?: (events: number, of: number) => void;
};

/** A file in which nothing was changed, and what it says as a whole. */
export type CheckedFile = Signed & {
  readonly header: Header;
  /** The key of the passphrase, for the caller to wipe. */
  readonly key?: Buffer;
  readonly state: Conversation;
  readonly people: People;
  /** Seqs of events that others in the file say to be erased. */
  readonly erased: ReadonlySet<number>;
  /** When its newest event was, in ms. */
  readonly newestAt: number;
};

/**
 * Reads a file through, in constant memory but for the people in it: nothing was changed since it was signed, it is whole, every event in it can be
 * read here, and together they are what the manifest says.
 *
 * @throws BadFile at the line that is wrong; TransferRefused for another passphrase or signer; what the file system says
 */
export async function checkFile(path: string, options: CheckOptions = {}): Promise<CheckedFile> {
  const chunks = readChunks(path);
  try {
    return await checkChunks(chunks, options);
  } finally {
    // Closes the file where it was not read to its end.
    await chunks.return(undefined as never);
  }
}

async function checkChunks(
  chunks: ReturnType<typeof readChunks>,
  { trusted, passphrase, onProgress = () => undefined }: CheckOptions,
): Promise<CheckedFile> {
  const digest = digestConversation();
  const people = foldPeople();
  const erased = new Set<number>();
  let state: Conversation = initial;
  let header: Header | undefined;
  let key: Buffer | undefined;
  let newestAt = 0;
  for (let chunk = 0; ; chunk++) {
    const next = await chunks.next();
    if (next.done) {
      if (header === undefined) throw new BadFile(1, 'changed', 'the file does not begin with its header');
      const file = { ...next.value, header, state, people: people.people(), erased, newestAt };
      requireSame(file, digestHex(digest.digest), digest.lastSeq);
      requireTrust(file, trusted);
      return key === undefined ? file : { ...file, key };
    }
    if (chunk === 0 && passphrase !== undefined) key = await keyFor(next.value, passphrase);
    const at = { ...(header && { header }), ...(key && { key }), chunk, seq: digest.lastSeq };
    const parsed = parseChunk(next.value, at);
    header = parsed.header;
    for (const { json, event } of parsed.events) {
      digest.add(json);
      people.add(event);
      state = evolve(state, event);
      newestAt = Math.max(newestAt, event.at);
      if (event.type === 'message.erased') for (const left of event.data.remains) erased.add(left.seq);
    }
    onProgress(digest.lastSeq, header?.lastSeq ?? 0);
  }
}

type First = Parameters<typeof parseChunk>[0];

function keyFor(first: First, passphrase: Uint8Array): Buffer | undefined {
  const { header } = parseChunk(first, { chunk: 0, seq: 0 });
  if (header?.passphrase === undefined) return undefined;
  const key = keyOfNoted(passphrase, header.passphrase);
  if (key === undefined)
    throw new TransferRefused('passphrase', 'the passphrase is not the one that the file was written with');
  return key;
}

function requireSame(
  { manifest, header, line }: Signed & { readonly header: Header },
  digest: string,
  lastSeq: number,
): void {
  const isSame =
    manifest.digest === digest &&
    manifest.lastSeq === lastSeq &&
    header.lastSeq === lastSeq &&
    manifest.conversationId === header.conversationId;
  if (!isSame) throw new BadFile(line, 'changed', 'the events are not those that the manifest tells of');
}

function requireTrust({ publicKey }: Signed, trusted: readonly string[] | undefined): void {
  if (trusted !== undefined && !trusted.includes(publicKey))
    throw new TransferRefused(
      'signer',
      `the file is signed with the key ${publicKey}, which is not one you trust: ask whoever sent it whether it is theirs, then name it by --key`,
    );
}
