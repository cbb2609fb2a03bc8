import { membershipsKey } from '@parley/infra/read-model/memberships';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { pause } from '../pause.js';

export type FillResources = {
  readonly redis: Redis;
  readonly database: Pick<Pool, 'query'>;
  readonly schema: string;
  readonly onFailure: (error: Error) => void;
};

/** Ms between two looks whether Redis still has what was put into it. */
const LOOK = 10_000;

/** Memberships read by one statement; ms between two of them, and at least so many times what the last one took. */
const PAGE = 2_000;
const PAUSE = 10;
const RESPITE = 4;

/**
 * Puts all memberships of a build into Redis when it begins to be served, and again where Redis lost them; commits keep them from then on. A
 * mark beside them says for which switch they were put. Who leaves at this very moment may stay in a set: it says where to look, and the
 * log decides. Ends when the signal is aborted.
 */
export async function fillMemberships(resources: FillResources, signal: AbortSignal): Promise<void> {
  const { redis, database, schema, onFailure } = resources;
  while (!signal.aborted) {
    if (redis.status === 'ready') {
      try {
        const { rows } = await database.query<{ at: string }>(
          'select switched_at::text as at from parley.read_model',
        );
        const at = rows[0]?.at ?? '';
        if ((await redis.get(filledKey(schema))) !== at && (await fill(resources, signal)))
          await redis.set(filledKey(schema), at);
      } catch (error) {
        onFailure(error as Error);
      }
    }
    await pause(LOOK, signal);
  }
}

/** No id of a user. */
const filledKey = (schema: string): string => membershipsKey(schema, '~filled');

/** False where it was told to stop. */
async function fill({ redis, database, schema }: FillResources, signal: AbortSignal): Promise<boolean> {
  for (let after: readonly [string, string] = ['', '']; !signal.aborted; ) {
    const begunAt = performance.now();
    const { rows } = await database.query<[string, string]>({
      text: `select conversation_id, user_id from ${schema}.member
        where (conversation_id, user_id) > ($1, $2) order by conversation_id, user_id limit ${PAGE}`,
      values: [...after],
      rowMode: 'array',
    });
    const pipeline = redis.pipeline();
    for (const [conversationId, user] of rows) pipeline.sadd(membershipsKey(schema, user), conversationId);
    const failed = (await pipeline.exec())?.find(([error]) => error !== null)?.[0];
    if (failed) throw failed;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return true;
    after = last;
    await pause(Math.max(PAUSE, RESPITE * (performance.now() - begunAt)), signal);
  }
  return false;
}
