import type { Log } from '@parley/infra/runtime/log';
import { pause } from '../pause.js';
import { type ForgetResources, forgetMovesIn, hasTimes } from './forget-moves.js';

export type SweepResources = ForgetResources & {
  readonly log: Log;
  /** The log's time in ms. */
  readonly now: () => number;
  /** For how long, in ms, who received and read a message is told after its end. */
  readonly proofOfDelivery: number;
  /** Told of how many people moves were forgotten. */
  readonly onForgotten: (people: number) => void;
};

/** From the beginning of one lap over all conversations to the next: this part of the time for which the proof is told, and at least so many ms. */
const SHARE = 1 / 1_000;
const LEAST = 1_000;

/** Conversations looked at by one statement. */
const PAGE = 500;

/** Ms between two pages, and at least so many times what the last one took: a sweep is in nobody's way. */
const PAUSE = 50;
const RESPITE = 4;

/**
 * Goes over all conversations, lap after lap, and forgets the moves that tell of no message whose proof is still told. Conversations on
 * legal hold are left as they are, and those whose rows stand still: their moves tell of messages that are not in the rows yet. Ends when the signal is aborted; what fails is tried again with the next lap.
 */
export async function sweepMoves(resources: SweepResources, signal: AbortSignal): Promise<void> {
  const { proofOfDelivery, log } = resources;
  const lap = Math.max(LEAST, proofOfDelivery * SHARE);
  while (!signal.aborted) {
    const begunAt = performance.now();
    await sweepOnce(resources, signal).catch((error: Error) =>
      log.warn({ reason: error.message }, 'a sweep of receipts ended early; the next begins anew'),
    );
    await pause(Math.max(PAUSE, lap - (performance.now() - begunAt)), signal);
  }
}

async function sweepOnce(resources: SweepResources, signal: AbortSignal): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined && !signal.aborted; ) {
    const begunAt = performance.now();
    const cutoff = resources.now() - resources.proofOfDelivery;
    const page: Page = await readPage(resources, after, cutoff);
    if (page.withGone.length > 0)
      resources.onForgotten(await forgetMovesIn(resources, page.withGone, cutoff, signal));
    after = page.last;
    await pause(Math.max(PAUSE, RESPITE * (performance.now() - begunAt)), signal);
  }
}

type Page = { readonly withGone: readonly string[]; readonly last: string | undefined };

/**
 * The next conversations by their ids: those with a message that ended by the cutoff and a move that may tell of it, and the last id unless
 * it was the last of all.
 */
async function readPage({ database, schema }: SweepResources, after: string, cutoff: number): Promise<Page> {
  // Asked one by one: a plan that reads all messages there are to find those of 500 conversations would be worse.
  const { rows } = await database.query<{ conversation_id: string; has_gone: boolean }>({
    name: `sweep-${schema}`,
    text: `
      select c.conversation_id, c.hold_since is null and not exists (
        select from ${schema}.parked_conversation p
        where p.partition = c.partition and p.conversation_id = c.conversation_id
      ) and (
        select true from ${schema}.message x
        where x.conversation_id = c.conversation_id and (x.expired or x.deleted_at is not null)
          and least(x.deleted_at, x.expires_at) <= $2
        order by x.seq limit 1
      ) is not null and (
        select true from ${schema}.receipt r
        where r.conversation_id = c.conversation_id and ${hasTimes('r.moves')}
        order by r.user_id limit 1
      ) is not null as has_gone
      from ${schema}.conversation c where c.conversation_id > $1
      order by c.conversation_id limit ${PAGE}`,
    values: [after, cutoff],
  });
  return {
    withGone: rows.filter(({ has_gone }) => has_gone).map(({ conversation_id }) => conversation_id),
    last: rows.length < PAGE ? undefined : rows.at(-1)?.conversation_id,
  };
}
