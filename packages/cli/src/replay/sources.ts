import { seqOf } from '@parley/domain/log/seq-of';
import { lastOfConversations, type StoredEvent, streamSeqUpTo } from '@parley/infra/log/conversation-reader';
import { type Place, placeOf, streamName } from '@parley/infra/log/subjects';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import type { LogAccess } from '../terminal/log-access.js';
import { formatPosition, type Position } from './position.js';
import type { Selection } from './selection.js';

/** What to read of a partition: behind `after` up to `upTo`, which was its end when the replay began, or an earlier place. */
export type Source = {
  readonly partition: number;
  readonly stream: string;
  readonly after: number;
  readonly upTo: number;
  readonly subjects?: readonly string[];
  readonly storedSince?: number;
};

export type Bounds = {
  readonly after?: Position;
  readonly upTo?: Position;
  readonly follow: boolean;
};

/**
 * Where in the log what is wanted may be. The broker leaves out what is in other conversations, before a seq, and stored before a
 * time.
 *
 * @throws CliError for what is not in this log: a partition, a conversation, a seq behind its head, a position of another log
 */
export async function sourcesOf(
  log: LogAccess,
  selection: Selection,
  bounds: Bounds,
): Promise<readonly Source[]> {
  requireSamePartitions(log, bounds);
  const wanted = await wantedOf(log, selection, bounds);
  return Promise.all(wanted.map((each) => sourceOf(log, selection, bounds, each)));
}

/** A partition, and what of it. */
type Wanted = {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly subjects?: readonly string[];
};

async function sourceOf(
  log: LogAccess,
  selection: Selection,
  bounds: Bounds,
  wanted: Wanted,
): Promise<Source> {
  const { partition, subjects } = wanted;
  const stream = streamName(partition);
  const { state } = await log.jsm.streams.info(stream);
  const passed = bounds.after?.passed.get(partition) ?? 0;
  if (passed > state.last_seq) throw ahead(partition, passed, state.last_seq);
  if (passed > 0 && passed + 1 < state.first_seq)
    throw cutOff(bounds.after as Position, partition, state.first_seq);
  const upTo = bounds.upTo === undefined ? state.last_seq : (bounds.upTo.passed.get(partition) ?? 0);
  if (upTo > state.last_seq) throw ahead(partition, upTo, state.last_seq);
  const after = Math.max(passed, wanted.from);
  return {
    partition,
    stream,
    after,
    upTo: Math.min(upTo, wanted.to),
    ...(subjects === undefined ? {} : { subjects }),
    ...(selection.since === undefined ? {} : { storedSince: Math.max(0, selection.since - CLOCKS_APART_MS) }),
  };
}

/** An event is stored after it is decided, but the clocks that say when may differ by so much, in ms. */
const CLOCKS_APART_MS = 3_600_000;

async function wantedOf(
  log: LogAccess,
  selection: Selection,
  { follow }: Bounds,
): Promise<readonly Wanted[]> {
  const { conversations, partitions } = selection;
  const whole = (partition: number): Wanted => ({ partition, from: 0, to: Number.POSITIVE_INFINITY });
  if (conversations !== undefined) return ofConversations(log, conversations, selection, follow);
  if (partitions === undefined) return Array.from({ length: log.partitions }, (_, n) => whole(n));
  if (partitions.some((partition) => partition >= log.partitions))
    throw new CliError(`the log has the partitions 0 to ${log.partitions - 1}`, exitCodes.usage);
  return [...new Set(partitions)].sort((a, b) => a - b).map(whole);
}

async function ofConversations(
  log: LogAccess,
  conversations: readonly string[],
  selection: Selection,
  follow: boolean,
): Promise<readonly Wanted[]> {
  const ids = [...new Set(conversations)];
  const heads = await lastOfConversations(
    log.jsm,
    ids.map((id) => placeOf(id, log.partitions)),
  );
  const parts = await Promise.all(ids.map((id, index) => partOf(log, id, heads[index], selection, follow)));
  return [...Map.groupBy(parts, ({ place }) => place.partition)]
    .sort(([a], [b]) => a - b)
    .map(([partition, some]) => ({
      partition,
      subjects: some.map(({ place }) => place.subject),
      from: Math.min(...some.map(({ from }) => from)),
      to: Math.max(...some.map(({ to }) => to)),
    }));
}

/** Stream sequences between which the events of a conversation are that are wanted. */
async function partOf(
  { jsm, partitions }: LogAccess,
  conversationId: string,
  newest: StoredEvent | undefined,
  { fromSeq = 1, toSeq }: Selection,
  follow: boolean,
): Promise<{ readonly place: Place; readonly from: number; readonly to: number }> {
  const place = placeOf(conversationId, partitions);
  const everything = { place, from: 0, to: Number.POSITIVE_INFINITY };
  if (newest === undefined && !follow)
    throw new CliError(`there is no conversation ${conversationId} in the log`, exitCodes.noInput);
  const seq = newest && seqOf(newest.json);
  if (newest === undefined || seq === undefined) return everything;
  const past = Math.max(fromSeq, toSeq ?? 0);
  if (past > seq && follow) return { ...everything, from: newest.streamSeq };
  if (past > seq)
    throw new CliError(
      `${conversationId} has ${seq} events: ${past} is behind its newest`,
      exitCodes.noInput,
    );
  const head = { seq, streamSeq: newest.streamSeq };
  const from = fromSeq === 1 ? 0 : await streamSeqUpTo(jsm, place, fromSeq - 1, head);
  const to = toSeq === undefined ? everything.to : await streamSeqUpTo(jsm, place, toSeq, head);
  return { place, from, to };
}

function requireSamePartitions({ partitions }: LogAccess, { after, upTo }: Bounds): void {
  for (const position of [after, upTo])
    if (position !== undefined && position.partitions !== partitions)
      throw new CliError(
        `the position is of a log of ${position.partitions} partitions, and this one has ${partitions}: it is of another log`,
        exitCodes.badData,
      );
}

const ahead = (partition: number, streamSeq: number, last: number): CliError =>
  new CliError(
    `the position is ahead of the log, which has ${last} events in partition ${partition} and not ${streamSeq}: it is of another log, or this one was restored from an older copy`,
    exitCodes.badData,
  );

function cutOff(position: Position, partition: number, first: number): CliError {
  const goOn = formatPosition({ ...position, passed: new Map([...position.passed, [partition, first - 1]]) });
  return new CliError(
    `the log begins at ${first} in partition ${partition}, behind the position: what was between was cut off. Go on without it by --after ${goOn}`,
    exitCodes.badData,
  );
}
