import type { Log } from '@parley/infra/runtime/log';
import type { Pool } from 'pg';
import { pause } from '../pause.js';
import { sweepRows, unswept } from './sweep-rows.js';

export type SweepingResources = {
  readonly database: Pick<Pool, 'query'>;
  readonly schema: string;
  readonly log: Log;
  /** Told how many erased conversations with rows left a look has found, 1,000 at most. */
  readonly onFound: (conversations: number) => void;
};

/** Ms between two looks, and conversations of one look. */
const EVERY = 30_000;
const MOST = 1_000;

/**
 * Removes rows of erased conversations that no job removes: rows that are made anew have them again, up to the event that erases
 * them. Ends when the signal is aborted; what fails is tried again with the next look.
 */
export async function keepSweeping(resources: SweepingResources, signal: AbortSignal): Promise<void> {
  const { database, schema, log, onFound } = resources;
  while (!signal.aborted) {
    try {
      const found = await unswept(database, schema, MOST);
      onFound(found.length);
      for (const conversationId of found)
        if (!signal.aborted) await sweepRows(database, schema, conversationId);
      if (found.length === MOST) continue;
    } catch (error) {
      log.warn(
        { reason: (error as Error).message },
        'rows of erased conversations could not be swept; it is tried again',
      );
    }
    await pause(EVERY, signal);
  }
}
