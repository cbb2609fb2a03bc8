import type { LogPlace } from './at-one-place.js';
import { rowsOfPartition, type Side } from './read-rows.js';
import type { Table } from './tables.js';

/** Up to where a partition's log is folded. */
export type Extent = {
  readonly partition: number;
  readonly place: LogPlace;
  /** Conversations that stand still in the rows, and before which stream sequence. */
  readonly parked: ReadonlyMap<string, number>;
  /** Where events are that operators decided to pass over, and their seqs in the conversation, where they have one. */
  readonly dropped: ReadonlyMap<number, number | undefined>;
};

/** What stands still in a build's partition, and what operators dropped of the log. */
export async function extentOf(
  side: Side,
  stream: string,
  partition: number,
  place: LogPlace,
): Promise<Extent> {
  const parked = await side.client.query<{ id: string; stream_seq: string }>(
    `select conversation_id as id, stream_seq from ${side.schema}.parked_conversation where partition = $1`,
    [partition],
  );
  const dropped = await side.client.query<{ stream_seq: string; seq: string | null }>(
    'select stream_seq, seq from parley.dropped_event where stream = $1',
    [stream],
  );
  return {
    partition,
    place,
    parked: new Map(parked.rows.map(({ id, stream_seq }) => [id, Number(stream_seq)])),
    dropped: new Map(
      dropped.rows.map(({ stream_seq, seq }) => [Number(stream_seq), seq === null ? undefined : Number(seq)]),
    ),
  };
}

/** Rows of a partition that is not whole: what stands still, and what is missing in the log and nothing accounts for. */
export async function troublesOf(
  side: Side,
  tables: readonly Table[],
  partition: number,
): Promise<{ readonly parked: number; readonly gaps: number }> {
  const count = async (name: string): Promise<number> => {
    const table = tables.find((each) => each.name === name);
    return table === undefined ? 0 : (await rowsOfPartition(side, table, partition)).length;
  };
  return { parked: await count('parked_conversation'), gaps: await count('gap') };
}
