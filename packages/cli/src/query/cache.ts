import { createHash } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { eventCodecs } from '@parley/domain/conversation/events';
import { streamName } from '@parley/infra/log/subjects';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import type { LogAccess } from '../terminal/log-access.js';
import type { Connection } from './duckdb.js';
import { EVENT_TABLES } from './event-table.js';
import { VIEWS } from './views.js';

/** Where a partition of the log is: which stream it is, how far, and what was taken out of it. */
type PartitionState = {
  readonly partition: number;
  readonly created: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly deleted: number;
};

/** Tables of a cache besides what is asked: what it was made by, and how far each partition is in it. */
export const CACHE_TABLES = `
create table parts.cache_form (form varchar);
create table parts.cache_position (partition integer, created varchar, first_seq bigint, deleted bigint, last_seq bigint);`;

/** Changes with what events are decoded to, and with the tables: a cache of another form is made anew. */
const FORM = createHash('sha256')
  .update(EVENT_TABLES + VIEWS + CACHE_TABLES)
  .update(JSON.stringify(Object.entries(eventCodecs).map(([type, { version }]) => [type, version])))
  .digest('hex');

/** What a cache is good for: it can go on, or it must be made anew because of something. */
export type CacheState =
  | { readonly tag: 'goes on'; readonly positions: ReadonlyMap<number, number> }
  | { readonly tag: 'stale'; readonly because: string };

/**
 * Compares a cache with the log. What was erased from the log must not be told by a cache any more, so one from before that is stale.
 *
 * @throws CliError where the file is something else, or of another log
 */
export async function readCache(connection: Connection, log: LogAccess, file: string): Promise<CacheState> {
  const found = await connection.runAndReadAll('select form from parts.cache_form').catch(() => undefined);
  if (found === undefined)
    throw new CliError(`${file} is no cache of parley query: choose another file`, exitCodes.badData);
  if (found.getRowsJson()[0]?.[0] !== FORM) return { tag: 'stale', because: 'another release made it' };
  const kept = (
    await connection.runAndReadAll(
      'select partition, created, first_seq, deleted, last_seq from parts.cache_position order by partition',
    )
  ).getRowsJson() as [number, string, string, string, string][];
  const states = await partitionStates(log);
  if (kept.length !== states.length || kept.some(([, created], n) => created !== states[n]?.created))
    throw anotherLog(file);
  const positions = new Map<number, number>();
  for (const [n, [partition, , firstSeq, deleted, lastSeq]] of kept.entries()) {
    const now = states[n] as PartitionState;
    if (Number(lastSeq) > now.lastSeq) throw anotherLog(file);
    if (Number(firstSeq) !== now.firstSeq || Number(deleted) !== now.deleted)
      return { tag: 'stale', because: 'something was erased from the log since' };
    positions.set(partition, Number(lastSeq));
  }
  return { tag: 'goes on', positions };
}

const anotherLog = (file: string): CliError =>
  new CliError(`${file} is the cache of another log: choose another file, or remove it`, exitCodes.badData);

/** Begins a cache of the log: nothing of it is loaded yet. */
export async function beginCache(connection: Connection, log: LogAccess): Promise<void> {
  await connection.run('insert into parts.cache_form values ($1)', [FORM]);
  for (const { partition, created, firstSeq, deleted } of await partitionStates(log)) {
    await connection.run('insert into parts.cache_position values ($1, $2, $3, $4, 0)', [
      partition,
      created,
      firstSeq,
      deleted,
    ]);
  }
}

/** Says how far a partition is, in the transaction that its rows are in. */
export async function keepPosition(
  connection: Connection,
  partition: number,
  lastSeq: number,
): Promise<void> {
  await connection.run('update parts.cache_position set last_seq = $1 where partition = $2', [
    lastSeq,
    partition,
  ]);
}

/** Overwrites a cache and removes it: what was erased from the log is not to be left on the disk by it. */
export async function destroyCache(file: string): Promise<void> {
  for (const path of [file, `${file}.wal`]) {
    const size = (await stat(path).catch(() => undefined))?.size;
    if (size === undefined) continue;
    const handle = await open(path, 'r+');
    try {
      for (let at = 0; at < size; at += ZEROS.length)
        await handle.write(ZEROS, 0, Math.min(ZEROS.length, size - at), at);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rm(path);
  }
}

const ZEROS = Buffer.alloc(1 << 20);

function partitionStates({ jsm, partitions }: LogAccess): Promise<readonly PartitionState[]> {
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const { created, state } = await jsm.streams.info(streamName(partition));
      return {
        partition,
        created,
        firstSeq: state.first_seq,
        lastSeq: state.last_seq,
        deleted: state.num_deleted ?? 0,
      };
    }),
  );
}
