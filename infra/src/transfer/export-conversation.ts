import type { KeyObject } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import { digestHex, type LoggedEvent } from '@parley/domain/log/digest';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import type { Closed } from '@parley/domain/sealing/closed';
import { hollowed } from '@parley/domain/sealing/sealed-text';
import * as E from 'fp-ts/lib/Either.js';
import { signatureOf } from '../erasure/proof/certificate.js';
import { readConversation } from '../log/conversation-reader.js';
import { placeOf, receiptPlaceOf } from '../log/subjects.js';
import type { GivingVault } from '../vault/open-vault.js';
import { HARDNESS, type Hardness, wipe } from '../vault/sodium.js';
import { keysPlace, sealKeys } from './chunk-keys.js';
import { contentOf, withContent } from './content.js';
import { CHUNK_BYTES, CHUNK_LINES, FORMAT, type Header, type Manifest, Move } from './format.js';
import { keyOfNew, weakness } from './passphrase.js';
import { TransferRefused } from './refused.js';
import { sealLine, sha256Of } from './seal.js';
import { type Survey, survey } from './survey.js';
import { type Recorded, wholeHistory } from './whole-history.js';

export type ExportResources = {
  readonly jsm: JetStreamManager;
  readonly partitions: number;
  /** The log's time in ms. */
  readonly now: () => number;
};

export type ExportOptions = {
  readonly conversationId: string;
  readonly signingKey: KeyObject;
  /** Without them the file is opened by the vault that it came from alone, as long as that can. */
  readonly keys?: KeysWanted;
  readonly onProgress?: (events: number, of: number) => void;
};

/** Keys are to be in the file, under a passphrase. */
export type KeysWanted = {
  readonly vault: Pick<GivingVault, 'ownKeys'>;
  readonly passphrase: Uint8Array;
  readonly hardness?: Hardness;
};

/**
 * Writes a conversation as one signed file, in constant memory but for what is known of each message that is over. `write` gets the file's text, piece
 * by piece, and resolves when there is room for more.
 *
 * @throws TransferRefused where there is nothing to export, or not all of it; VaultAway; as the client does when the broker does not answer
 */
export async function exportConversation(
  { jsm, partitions, now }: ExportResources,
  { conversationId, signingKey, keys: wanted, onProgress = () => undefined }: ExportOptions,
  write: (text: string) => Promise<unknown>,
): Promise<Manifest> {
  const weak = wanted && weakness(wanted.passphrase);
  if (weak !== undefined) throw new TransferRefused('passphrase', `the passphrase is weak: ${weak}`);
  const place = placeOf(conversationId, partitions);
  const found = await survey(jsm, place, conversationId, now());
  const sealing = wanted && keyOfNew(wanted.passphrase, wanted.hardness ?? HARDNESS);
  const { lastSeq } = found;
  const exportedAt = new Date(now()).toISOString();
  const chunks: string[] = [];
  const counts = { events: 0, erased: 0, keys: 0, gone: 0, moves: 0 };

  async function writeChunk(lines: readonly string[]): Promise<void> {
    const bytes = lines.map((line) => Buffer.from(line));
    const seal = sealLine(chunks.length, bytes);
    chunks.push(sha256Of(bytes));
    await write(`${[...lines, seal].join('\n')}\n`);
  }

  /** Lines of events; where keys go with them, the last line is those of what is not hollow. */
  async function eventLines(recorded: readonly Recorded[]): Promise<readonly string[]> {
    const read = recorded.map(({ event }) => decoded(event));
    const content = read.map((event) => (found.gone.has(event, now()) ? undefined : contentOf(event)));
    const keys = wanted && (await ownKeysOf(wanted.vault, content));
    const lines = recorded.map(({ event, isErased }, index) => {
      const isKept = content[index] !== undefined && (keys === undefined || keys[index] !== undefined);
      if (contentOf(read[index] as Envelope) !== undefined && !isKept) counts.gone++;
      const told = isKept ? event : hollow(event, read[index] as Envelope);
      return JSON.stringify(isErased ? { event: told, isErased } : { event: told });
    });
    const there = (keys ?? []).filter((key) => key !== undefined);
    counts.events += recorded.length;
    counts.erased += recorded.filter(({ isErased }) => isErased).length;
    counts.keys += there.length;
    onProgress(counts.events, lastSeq);
    if (sealing === undefined || there.length === 0) return lines;
    return [
      ...lines,
      JSON.stringify({ keys: sealKeys(sealing.key, keysPlace(conversationId, chunks.length), there) }),
    ];
  }

  try {
    const note = sealing === undefined ? {} : { passphrase: sealing.note };
    const header: Header = { format: FORMAT, conversationId, exportedAt, lastSeq, ...note };
    let before = [JSON.stringify({ header })];
    for await (const recorded of inChunks(
      wholeHistory(jsm, place, conversationId, found),
      ({ event }) => event,
    )) {
      await writeChunk([...before, ...(await eventLines(recorded))]);
      before = [];
    }
    for await (const moves of inChunks(movesOf(jsm, conversationId, partitions, found), (move) => move)) {
      counts.moves += moves.length;
      await writeChunk(moves.map((move) => JSON.stringify({ move })));
    }
  } finally {
    if (sealing !== undefined) wipe(sealing.key);
  }
  const digest = digestHex(found.digest);
  const manifest = {
    format: FORMAT,
    conversationId,
    exportedAt,
    partitions,
    lastSeq,
    ...counts,
    digest,
    chunks,
  } as const;
  await write(`${JSON.stringify({ manifest, signature: signatureOf(manifest, signingKey) })}\n`);
  return manifest;
}

/** Undefined where there is nothing to open, or it does not open any more. */
async function ownKeysOf(
  vault: Pick<GivingVault, 'ownKeys'>,
  content: readonly (Closed | undefined)[],
): Promise<readonly (Buffer | undefined)[]> {
  const keys = (await vault.ownKeys(content.filter((closed) => closed !== undefined))).values();
  return content.map((closed) => (closed === undefined ? undefined : keys.next().value));
}

const hollow = (json: LoggedEvent, event: Envelope): LoggedEvent => {
  const content = contentOf(event);
  return content === undefined ? json : withContent(json, hollowed(content.opaque));
};

function decoded(event: LoggedEvent): Envelope {
  const envelope = decodeEnvelope(event);
  // The survey has read all of them.
  if (E.isLeft(envelope)) throw new Error(`event ${event.seq}: ${envelope.left}`);
  return envelope.right;
}

/** As many as are a chunk. A key line and a header fit beside them. */
async function* inChunks<A>(all: AsyncIterable<A>, sized: (one: A) => object): AsyncGenerator<readonly A[]> {
  let some: A[] = [];
  let bytes = 0;
  for await (const one of all) {
    some.push(one);
    bytes += sizeOf(sized(one));
    if (some.length < CHUNK_LINES - 2 && bytes < CHUNK_BYTES) continue;
    yield some;
    some = [];
    bytes = 0;
  }
  if (some.length > 0) yield some;
}

/** Near enough: a body is most of what is long, and what else can be has a bound of its own. */
function sizeOf(one: object): number {
  const { data } = one as {
    readonly data?: { readonly body?: string; readonly remains?: readonly unknown[] };
  };
  return 300 + (data?.body?.length ?? 0) + 400 * (data?.remains?.length ?? 0);
}

/** Moves of watermarks as the log has them; none that says more than the events in the file. */
async function* movesOf(
  jsm: JetStreamManager,
  conversationId: string,
  partitions: number,
  { lastSeq }: Survey,
): AsyncGenerator<Move> {
  const everybody = receiptPlaceOf(conversationId, '*', partitions);
  for await (const { json } of readConversation(jsm, everybody)) {
    const move = Move.decode(json);
    if (E.isRight(move) && Math.max(move.right.delivered, move.right.read) <= lastSeq) yield json as Move;
  }
}
