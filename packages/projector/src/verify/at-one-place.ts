import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { consumeBatches } from '@parley/infra/log/consume';
import { isHollow, nameOfStream } from '@parley/infra/log/projected-stream';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import type { ClientBase } from 'pg';
import { type Checkpoint, type ProjectionName, readCheckpoint, type Share } from '../checkpoint.js';
import { projectBatch } from '../project-batch.js';
import type { Projection } from '../projection.js';
import { receipts } from '../receipts/projection.js';
import { MAX_BATCH } from '../run-share.js';
import { timeline } from '../timeline/projection.js';
import type { Side } from './read-rows.js';
import type { VerifyingSession } from './session.js';

/** A partition's place in the log: how far each projection has folded its stream. */
export type LogPlace = Readonly<Record<ProjectionName, number>>;

/** A build cannot be looked at as things are: one sentence that says what to do. */
export class CannotVerify extends Error {
  override readonly name = 'CannotVerify';

  /** @param why `away`: the database is. `held`: somebody else has what is needed. `behind`: the rows do not get as far as is needed. */
  constructor(
    message: string,
    readonly why: 'away' | 'held' | 'behind',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** How long, in ms, a build that is followed is waited for, and how often it is looked at. */
export const PATIENCE = 30_000;
const STEP = 50;

/** Which place of a partition is wanted: at or after `atLeast`, for which one waits so many ms. */
export type Wanted = { readonly partition: number; readonly atLeast: LogPlace; readonly patience: number };

export const anywhere: LogPlace = { timeline: 0, receipts: 0 };

type Sides = {
  /** The one whose projector waits meanwhile: never the one that is served. */
  readonly held: number;
  /** The one that nobody notices to be looked at. */
  readonly free: number;
};

export type PlaceResources = {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly sessions: { readonly held: VerifyingSession; readonly free: VerifyingSession };
};

/**
 * Lets somebody look at two builds of a partition at one place of the log. The checkpoints of one are locked, the other is seen in a snapshot
 * that lies at or after them, and the first is folded up to there inside its transaction, which is then rolled back: its projector
 * does the same once more. Readers of both notice nothing, and no more does the projector of the other.
 *
 * @throws CannotVerify where the free one stands before the held one and nobody brings it further
 */
export async function atOnePlace<A>(
  { js, jsm, sessions }: PlaceResources,
  { held, free }: Sides,
  wanted: Wanted,
  look: (held: Side, free: Side, place: LogPlace) => Promise<A>,
): Promise<A> {
  const { partition } = wanted;
  const one = { client: sessions.held.client, schema: schemaOf(held) };
  const other = { client: sessions.free.client, schema: schemaOf(free) };
  return inTransaction(one.client, 'begin', async () => {
    const from = await lockedCheckpoints(one, partition);
    const atLeast: LogPlace = {
      timeline: Math.max(wanted.atLeast.timeline, from.timeline.streamSeq),
      receipts: Math.max(wanted.atLeast.receipts, from.receipts.streamSeq),
    };
    return atOrAfter(jsm, other, { ...wanted, atLeast }, async (place) => {
      for (const projection of [timeline, receipts])
        await foldUpTo(js, one, projection, partition, from[projection.name], place[projection.name]);
      return look(one, other, place);
    });
  });
}

/**
 * Lets somebody look at one build as it stands, in a snapshot.
 *
 * @throws CannotVerify where it does not get as far as is wanted
 */
export function asItStands<A>(
  jsm: JetStreamManager,
  { client }: VerifyingSession,
  version: number,
  wanted: Wanted,
  look: (side: Side, place: LogPlace) => Promise<A>,
): Promise<A> {
  const side = { client, schema: schemaOf(version) };
  return atOrAfter(jsm, side, wanted, (place) => look(side, place));
}

/** Where the streams of a partition end by now. */
export async function headsOf(jsm: JetStreamManager, partition: number): Promise<LogPlace> {
  const end = async (projection: ProjectionName) =>
    (await jsm.streams.info(nameOfStream({ projection, partition }))).state.last_seq;
  return { timeline: await end('timeline'), receipts: await end('receipts') };
}

const SNAPSHOT = 'begin isolation level repeatable read read only';

async function lockedCheckpoints(
  { client, schema }: Side,
  partition: number,
): Promise<Readonly<Record<ProjectionName, Checkpoint>>> {
  const share = (projection: ProjectionName): Share => ({ projection, partition });
  await readCheckpoint(client, schema, share('timeline'));
  await readCheckpoint(client, schema, share('receipts'));
  await client.query(`select from ${schema}.checkpoint where partition = $1 order by projection for update`, [
    partition,
  ]);
  return {
    timeline: await readCheckpoint(client, schema, share('timeline')),
    receipts: await readCheckpoint(client, schema, share('receipts')),
  };
}

/** Takes snapshots until one has all that was reached. */
async function atOrAfter<A>(
  jsm: JetStreamManager,
  side: Side,
  { partition, atLeast, patience }: Wanted,
  look: (place: LogPlace) => Promise<A>,
): Promise<A> {
  const deadline = steadyNow() + patience;
  for (;;) {
    const seen = await inTransaction(side.client, SNAPSHOT, async () => {
      const place = await placeOf(side, partition);
      const isThere = async (projection: ProjectionName): Promise<boolean> =>
        place[projection] >= atLeast[projection] ||
        (await isHollow(jsm, { projection, partition }, place[projection], atLeast[projection]));
      if (!(await isThere('timeline')) || !(await isThere('receipts'))) return undefined;
      return { what: await look(place) };
    });
    if (seen !== undefined) return seen.what;
    if (steadyNow() > deadline)
      throw new CannotVerify(
        `${side.schema} does not get as far in partition ${partition} as the log, or as the other version, is: ` +
          'does a projector run? See `parley projections status`',
        'behind',
      );
    await sleep(STEP);
  }
}

async function placeOf({ client, schema }: Side, partition: number): Promise<LogPlace> {
  const { rows } = await client.query<{ projection: ProjectionName; stream_seq: string }>(
    `select projection, stream_seq from ${schema}.checkpoint where partition = $1`,
    [partition],
  );
  const of = (projection: ProjectionName) =>
    Number(rows.find((row) => row.projection === projection)?.stream_seq ?? 0);
  return { timeline: of('timeline'), receipts: of('receipts') };
}

async function foldUpTo(
  js: JetStreamClient,
  { client, schema }: Side,
  projection: Projection,
  partition: number,
  from: Checkpoint,
  upTo: number,
): Promise<void> {
  if (from.streamSeq >= upTo) return;
  const share = { projection: projection.name, partition };
  const target = { client: withSavepoints(client), schema, share };
  let checkpoint = from;
  const options = { maxBatch: MAX_BATCH, follow: false };
  for await (const batch of consumeBatches(js, projection.streamOf(partition), from.streamSeq, options)) {
    const upToIt = batch.filter(({ streamSeq }) => streamSeq <= upTo);
    if (upToIt.length > 0) ({ checkpoint } = await projectBatch(target, projection, checkpoint, upToIt));
    if (upToIt.length < batch.length) return;
  }
}

/** A connection on which a transaction is a part of the one that is open. */
function withSavepoints(client: ClientBase): ClientBase {
  const inner: Readonly<Record<string, string>> = {
    begin: 'savepoint batch',
    commit: 'release savepoint batch',
    rollback: 'rollback to savepoint batch; release savepoint batch',
  };
  const query = (text: unknown, ...rest: unknown[]) =>
    (client.query as (...all: unknown[]) => unknown).call(
      client,
      typeof text === 'string' ? (inner[text] ?? text) : text,
      ...rest,
    );
  return new Proxy(client, { get: (of, name) => (name === 'query' ? query : Reflect.get(of, name)) });
}

/** Rolled back in any case: nothing of what is looked at is changed. */
async function inTransaction<A>(client: ClientBase, begin: string, run: () => Promise<A>): Promise<A> {
  await client.query(begin);
  try {
    return await run();
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}
