import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { stands } from '@parley/domain/conversation/state';
import { digestHex, type LoggedEvent } from '@parley/domain/log/digest';
import { seqOf } from '@parley/domain/log/seq-of';
import { conversationDigest } from '../log/conversation-digest.js';
import { lastOfConversation, readConversation, type StoredEvent } from '../log/conversation-reader.js';
import { logText } from '../log/log-text.js';
import type { PublishWindow } from '../log/publish-window.js';
import { type Place, placeOf } from '../log/subjects.js';
import { banHash } from '../runtime/ban-hash.js';
import { wipe } from '../vault/sodium.js';
import type { Vault } from '../vault/vault.js';
import type { VaultStream } from '../vault/vault-stream.js';
import { openAppendMoves } from './append-moves.js';
import { type Appending, openAppendRun } from './append-run.js';
import { type CheckedFile, type CheckOptions, checkFile } from './check-file.js';
import { withContent } from './content.js';
import { contentHere } from './content-here.js';
import { announce, eraseAgain } from './follow-up.js';
import type { FiledEvent } from './parse-chunk.js';
import { parsedChunks } from './parsed-chunks.js';
import { TransferRefused } from './refused.js';
import { requireOpening, requireRoom } from './require-room.js';
import { alike, rewritten } from './rewrite.js';

export type ImportResources = {
  readonly nats: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly window: PublishWindow;
  readonly partitions: number;
  readonly vault: Pick<Vault, 'seal' | 'open'>;
  readonly vaultStream: Pick<VaultStream, 'newest' | 'newestOf'>;
  /** PARLEY_BAN_KEY of this stack. */
  readonly banKey: Uint8Array;
  /** The log's time in ms. */
  readonly now: () => number;
};

export type ImportOptions = CheckOptions & {
  /** Takes a file without keys also where nothing in it opens: then it never will. */
  readonly closed?: boolean;
  readonly onAppended?: (events: number, of: number) => void;
};

export type ImportReport = {
  readonly conversationId: string;
  readonly lastSeq: number;
  readonly digest: string;
  /** Events that this run appended; the others were there, from one that broke off. */
  readonly appended: number;
  readonly moves: number;
  /** Bodies and titles among them that can be read here, and that nobody can open any more. */
  readonly readable: number;
  readonly gone: number;
  /** Bans of people whom nobody in the file is: they hold nobody back here. */
  readonly strangeBans: number;
  /** People in it who were erased here: they are erased from it next. */
  readonly erasedPeople: readonly string[];
};

/**
 * Imports a conversation from a file, which is checked as a whole first. Its events are appended as they are, at the same seqs, but for what is of this stack:
 * bodies are sealed anew, hashes of people are keyed anew. What was begun goes on where it is; what is there already is compared.
 *
 * @throws BadFile at the line that is wrong; TransferRefused where it cannot be taken in, or broke off
 */
export async function importConversation(
  resources: ImportResources,
  path: string,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const file = await checkFile(path, options);
  try {
    if (file.header.passphrase !== undefined && file.key === undefined)
      throw new TransferRefused(
        'passphrase',
        'the file has keys: without its passphrase nothing in it could be read',
      );
    await requireRoom(resources, file);
    if (file.key === undefined && options.closed !== true) await requireOpening(resources.vault, path, file);
    return await takeIn(resources, path, file, options);
  } finally {
    if (file.key !== undefined) wipe(file.key);
  }
}

async function takeIn(
  resources: ImportResources,
  path: string,
  file: CheckedFile,
  { onAppended = () => undefined }: ImportOptions,
): Promise<ImportReport> {
  const { jsm, partitions, vault, banKey, now } = resources;
  const { manifest, people, state } = file;
  const { conversationId, lastSeq, digest } = manifest;
  const place = placeOf(conversationId, partitions);
  const head = await lastOfConversation(jsm, place);
  const headSeq = seqOf(head?.json) ?? 0;
  if (head !== undefined && headSeq === 0)
    throw new TransferRefused(
      'there',
      `there is something of ${conversationId} here already, and its newest event cannot be read: see \`parley log verify\``,
    );
  if (headSeq >= lastSeq) {
    const here = await conversationDigest(jsm, place, lastSeq);
    const isSame = digestHex(here.digest) === digest && (await isImported(jsm, place, lastSeq));
    if (!isSame) throw otherThere(head, headSeq);
  }
  const there = readConversation(jsm, place);
  const run = openAppendRun(resources, place, head?.streamSeq ?? 0);
  const appendMoves = await openAppendMoves(resources, conversationId);
  const places = new Map<number, number>();
  const counts = { appended: 0, moves: 0, readable: 0, gone: 0 };
  const rewriting = {
    importedTo: lastSeq,
    streamSeqOf: (seq: number) => places.get(seq),
    banHash: (hash: string) => {
      const user = people.byHash.get(hash);
      return user === undefined ? hash : banHash(banKey, conversationId, user);
    },
  };

  function notePlace(seq: number, streamSeq: number | undefined): void {
    if (file.erased.has(seq) && streamSeq !== undefined) places.set(seq, streamSeq);
  }

  async function compare({ json, event }: FiledEvent): Promise<void> {
    const stored = (await there.next()).value as StoredEvent | undefined;
    if (stored === undefined || alike(stored.json as LoggedEvent) !== alike(rewritten(json, rewriting)))
      throw otherThere(stored, event.seq);
    notePlace(event.seq, stored.streamSeq);
  }

  async function append(events: readonly (Appending & { readonly seq: number })[]): Promise<void> {
    if (events.length === 0) return;
    const stored = await run.append(events);
    for (const [index, { seq }] of events.entries()) notePlace(seq, stored[index]);
    counts.appended += events.length;
    onAppended(events.at(-1)?.seq ?? 0, lastSeq);
  }

  /** All but the last event of all, which is given back: the conversation is there for its members when that is. */
  async function appendAll(events: readonly FiledEvent[]) {
    const contents = await contentHere(vault, events, file.key !== undefined, now());
    let waiting: (Appending & { readonly seq: number })[] = [];
    for (const [index, { json, event }] of events.entries()) {
      // Where the events are that it names must be known by then.
      if (event.type === 'message.erased') {
        await append(waiting);
        waiting = [];
      }
      const content = contents[index];
      if (content !== undefined) counts[content.tag === 'gone' ? 'gone' : 'readable']++;
      const here = rewritten(json, rewriting);
      const text = logText(content === undefined ? here : withContent(here, content.opaque));
      waiting.push({ text, seq: event.seq, messageId: `import:${event.id}` });
    }
    const last = waiting.at(-1)?.seq === lastSeq ? waiting.pop() : undefined;
    await append(waiting);
    return last;
  }

  let last: (Appending & { readonly seq: number }) | undefined;
  for await (const { events, moves } of headSeq < lastSeq ? parsedChunks(path, file) : []) {
    for (const filed of events) if (filed.event.seq <= headSeq) await compare(filed);
    last ??= await appendAll(events.filter(({ event }) => event.seq > headSeq));
    counts.moves += await appendMoves(moves);
  }
  if (last !== undefined) await append([last]);
  if (stands(state)) announce(resources.nats, conversationId, lastSeq, [...state.members.keys()]);
  const erasedPeople = await eraseAgain(resources.vaultStream, resources.window, [...people.users]);
  const isSameKey = [...people.byHash.keys()].every((hash) => rewriting.banHash(hash) === hash);
  const strangeBans = isSameKey ? 0 : people.strangers.size;
  return { conversationId, lastSeq, digest, ...counts, strangeBans, erasedPeople };
}

/** Whether the conversation that is here came by an import that goes as far. */
async function isImported(jsm: JetStreamManager, place: Place, lastSeq: number): Promise<boolean> {
  const first = (await readConversation(jsm, place).next()).value as StoredEvent | undefined;
  return (first?.json as { readonly importedTo?: unknown } | undefined)?.importedTo === lastSeq;
}

function otherThere(stored: StoredEvent | undefined, seq: number): TransferRefused {
  const json = stored?.json as
    | { readonly importedTo?: unknown; readonly conversationId?: string }
    | undefined;
  return new TransferRefused(
    'there',
    json?.importedTo === undefined
      ? `there is a conversation ${json?.conversationId} here already`
      : `what is here of ${json.conversationId} was imported from another file: its event ${seq} is not the one in this file`,
  );
}
