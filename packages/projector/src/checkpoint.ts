import { type Digest, digestHex, emptyDigest, readDigest } from '@parley/domain/log/digest';
import { type Model, NEWEST_MODEL } from '@parley/infra/read-model/models';
import type { ClientBase } from 'pg';
import { passesMark, writeMark } from './digest-marks.js';
import { readDropped, readWithheld, type Withheld } from './parked/withheld.js';
import type { Window } from './window.js';

export type ProjectionName = 'timeline' | 'receipts';

/** A projection of one partition: the unit of work and of ownership. */
export type Share = { readonly projection: ProjectionName; readonly partition: number };

/** How far a projection has come in its partition's stream, what it has folded on the way, and what it passed without. */
export type Checkpoint = {
  readonly streamSeq: number;
  readonly events: number;
  readonly digest: Digest;
  readonly window: Window;
  /** Times that somebody else than the owner of the share changed what this stands for. */
  readonly interventions: number;
  readonly withheld: Withheld;
  /** What the rows are made like. */
  readonly model: Model;
};

/**
 * A step of a share from one checkpoint to the next, and the windows it passes, from the one it begins in on. `claimed` are
 * places in the stream whose events were erased unseen, and are folded from what is left of them.
 */
export type CheckpointMove = {
  readonly share: Share;
  readonly from: Checkpoint;
  readonly to: Checkpoint;
  readonly windows: readonly Window[];
  readonly claimed: ReadonlySet<number>;
};

/** Somebody else has moved the checkpoint, or changed what it stands for: what this process knows of the share is not true any more. */
export class Superseded extends Error {
  constructor({ projection, partition }: Share) {
    super(`another process has changed ${projection} of partition ${partition}`);
    this.name = 'Superseded';
  }
}

/** Where the projection stands; makes the checkpoint of one that has not begun. */
export async function readCheckpoint(client: ClientBase, schema: string, share: Share): Promise<Checkpoint> {
  const { projection, partition } = share;
  await client.query(
    `insert into ${schema}.checkpoint (projection, partition, stream_seq, events, digest)
     values ($1, $2, 0, 0, $3) on conflict do nothing`,
    [projection, partition, digestHex(emptyDigest)],
  );
  const checkpoint = await selectCheckpoint(client, schema, share, '');
  return { ...checkpoint, withheld: await readWithheld(client, schema, share) };
}

/**
 * Where the projection stands, and holds it there until the transaction ends: for whoever is not the owner of the share and folds what is
 * parked. So of what is withheld it has what was dropped alone. Who changes what the checkpoint stands for says so by `intervene`.
 *
 * @throws Superseded where the share has not begun.
 */
export async function lockCheckpoint(client: ClientBase, schema: string, share: Share): Promise<Checkpoint> {
  const checkpoint = await selectCheckpoint(client, schema, share, 'for update');
  return { ...checkpoint, withheld: await readDropped(client, share) };
}

async function selectCheckpoint(
  client: ClientBase,
  schema: string,
  share: Share,
  lock: '' | 'for update',
): Promise<Omit<Checkpoint, 'withheld'>> {
  // A build that is not listed, as of a benchmark, is of the newest model.
  const { rows } = await client.query<Record<string, string>>(
    `select stream_seq, events, digest, window_began, window_opened_at, interventions,
       (select model from parley.version where 'rm_' || version = $3) as model
     from ${schema}.checkpoint where projection = $1 and partition = $2 ${lock}`,
    [share.projection, share.partition, schema],
  );
  const row = rows[0];
  if (row === undefined) throw new Superseded(share);
  return {
    streamSeq: Number(row.stream_seq),
    events: Number(row.events),
    digest: readDigest(row.digest as string),
    window: { began: Number(row.window_began), openedAt: Number(row.window_opened_at) },
    interventions: Number(row.interventions),
    model: (row.model ?? NEWEST_MODEL) as Model,
  };
}

/**
 * Moves the checkpoint by compare-and-set, first of all in the transaction that writes the rows: of two processes at the
 * same place one goes on and the other writes nothing.
 *
 * @throws Superseded when it is not where `from` says.
 */
export async function moveCheckpoint(
  client: ClientBase,
  schema: string,
  { share, from, to }: Pick<CheckpointMove, 'share' | 'from' | 'to'>,
): Promise<void> {
  const { rowCount } = await client.query({
    name: `checkpoint-${schema}`,
    text: checkpointSql(schema),
    values: [...checkpointValues({ share, from, to })],
  });
  if (rowCount !== 1) throw new Superseded(share);
  if (passesMark({ share, from, to })) await writeMark(client, schema, { share, to });
}

/** Changes what a locked checkpoint stands for, and has the owner of the share read it anew. */
export async function intervene(
  client: ClientBase,
  schema: string,
  { projection, partition }: Share,
  { events, digest }: Pick<Checkpoint, 'events' | 'digest'>,
): Promise<void> {
  await client.query(
    `update ${schema}.checkpoint set events = $3, digest = $4, interventions = interventions + 1
     where projection = $1 and partition = $2`,
    [projection, partition, events, digestHex(digest)],
  );
}

/** Nothing is updated where the checkpoint is not where the move begins. */
export const checkpointSql = (schema: string): string =>
  `update ${schema}.checkpoint set stream_seq = $4, events = $5, digest = $6, window_began = $7, window_opened_at = $8,
    updated_at = now()
  where projection = $1 and partition = $2 and stream_seq = $3 and interventions = $9`;

/** Parameters of `checkpointSql`, $1 to $9. */
export const checkpointValues = ({
  share,
  from,
  to,
}: Pick<CheckpointMove, 'share' | 'from' | 'to'>): readonly unknown[] => [
  share.projection,
  share.partition,
  from.streamSeq,
  to.streamSeq,
  to.events,
  digestHex(to.digest),
  to.window.began,
  to.window.openedAt,
  from.interventions,
];
