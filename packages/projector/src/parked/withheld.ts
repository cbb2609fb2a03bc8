import { nameOfStream } from '@parley/infra/log/projected-stream';
import type { ClientBase } from 'pg';
import type { Share } from '../checkpoint.js';

/** What a share passes without folding it. A value: whoever parks makes the next one, so that two that are the same are equal by identity. */
export type Withheld = {
  /** Conversations whose rows stand still. */
  readonly parked: ReadonlySet<string>;
  /** Events that operators dropped, by where they are in the stream: their seq in the conversation, where they have one. */
  readonly dropped: ReadonlyMap<number, number | undefined>;
};

export const nothingWithheld: Withheld = { parked: new Set(), dropped: new Map() };

/**
 * Conversations that a share may have parked: some 100 bytes of memory each. What would park more is no poison event but a wrong
 * release, or a database that takes nothing: then the partition stands still, which loses as little and is seen at once.
 */
export const MOST_PARKED = 100_000;

/** A share has as many parked conversations as one may have. */
export class TooManyParked extends Error {
  constructor({ partition }: Share) {
    super(
      `more than ${MOST_PARKED} conversations of partition ${partition} would be parked, so it stands still: run the release that ` +
        'wrote these events, or see what the database refuses; `parley dead-letters list` names them',
    );
    this.name = 'TooManyParked';
  }
}

/**
 * What is parked and dropped now. To be read after the checkpoint: what somebody changes in between is then noticed by the
 * compare-and-set, and never taken for what was there before.
 */
export async function readWithheld(client: ClientBase, schema: string, share: Share): Promise<Withheld> {
  const withheld = await readDropped(client, share);
  if (share.projection === 'receipts') return withheld;
  const { rows } = await client.query<{ conversation_id: string }>(
    `select conversation_id from ${schema}.parked_conversation where partition = $1`,
    [share.partition],
  );
  return withParked(
    withheld,
    rows.map(({ conversation_id }) => conversation_id),
  );
}

/** What was dropped alone: for whoever folds what is parked. */
export async function readDropped(client: ClientBase, share: Share): Promise<Withheld> {
  const { rows } = await client.query<{ stream_seq: string; seq: string | null }>(
    'select stream_seq, seq from parley.dropped_event where stream = $1',
    [nameOfStream(share)],
  );
  if (rows.length === 0) return nothingWithheld;
  const places = rows.map(
    ({ stream_seq, seq }) => [Number(stream_seq), seq === null ? undefined : Number(seq)] as const,
  );
  return { ...nothingWithheld, dropped: new Map(places) };
}

/** The same, with more parked. */
export function withParked(withheld: Withheld, conversationIds: readonly string[]): Withheld {
  if (conversationIds.every((id) => withheld.parked.has(id))) return withheld;
  return { ...withheld, parked: new Set([...withheld.parked, ...conversationIds]) };
}
