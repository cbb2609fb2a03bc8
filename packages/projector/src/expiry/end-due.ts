import type { JetStreamManager } from '@nats-io/jetstream';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { placeOf } from '@parley/infra/log/subjects';
import * as E from 'fp-ts/lib/Either.js';
import { type AppendResources, appendEvent } from '../append-event.js';
import { decideEnding, type Ending, follow } from './ending.js';

export type EndingResources = AppendResources & {
  readonly jsm: JetStreamManager;
  /** The log's time, in ms. */
  readonly now: () => number;
  /** Queues what has to be done about an erased conversation; before the event is appended. */
  readonly queueErasure: (conversationId: string) => Promise<E.Either<Refusal, unknown>>;
};

/**
 * What became of a conversation in a round. `streamSeq` is the newest event that is known of it: before the rows have that one, they
 * say nothing new. `busy`: others were faster each time, or the broker did not answer; `failed`: it will not be otherwise soon.
 */
export type Ended = { readonly conflicts: number } & (
  | { readonly tag: 'ended'; readonly event: Envelope; readonly streamSeq: number }
  | { readonly tag: 'settled'; readonly streamSeq: number }
  | { readonly tag: 'busy' }
  | { readonly tag: 'failed'; readonly reason: string }
);

/** Conflicts in a row before the next round goes on with it. */
const MOST_TRIES = 10;

/** Events that the rows may lack of a conversation: with more it waits for them. */
const MOST_FOLLOWED = 2_000;

/**
 * Appends the event that ends what is due, expecting what it was decided on. Where something came meanwhile, that is read from the
 * log and it is decided again: a hold, a deletion or somebody else's tombstone is never overlooked. A lost answer is such
 * a conflict too, in which its own event is found. Never rejects.
 */
export async function endDue(resources: EndingResources, from: Ending): Promise<Ended> {
  let conflicts = 0;
  try {
    for (let ending = from; ; conflicts++) {
      const decided = decideEnding(ending, resources.now());
      if (E.isLeft(decided)) return failed(decided.left);
      const event = decided.right;
      if (event === undefined) return { tag: 'settled', streamSeq: ending.streamSeq, conflicts };
      if (conflicts === MOST_TRIES) return { tag: 'busy', conflicts };
      if (event.type === 'conversation.erased') {
        const queued = await resources.queueErasure(ending.conversationId);
        if (E.isLeft(queued)) return failed(queued.left);
      }
      const appended = await appendEvent(resources, event, ending.streamSeq);
      if (appended.tag === 'stored') return { tag: 'ended', event, streamSeq: appended.streamSeq, conflicts };
      if (appended.tag === 'refused') return { tag: 'failed', reason: appended.reason, conflicts };
      const caughtUp = await catchUp(resources, ending);
      if (typeof caughtUp === 'string') return { tag: 'failed', reason: caughtUp, conflicts };
      if (caughtUp.streamSeq === ending.streamSeq)
        return appended.tag === 'unknown'
          ? { tag: 'busy', conflicts }
          : { tag: 'failed', reason: 'the log has nothing that it conflicts with', conflicts };
      ending = caughtUp;
    }
  } catch {
    // The broker is away.
    return { tag: 'busy', conflicts };
  }

  function failed({ tag, detail }: Refusal): Ended {
    return { tag: 'failed', reason: detail === undefined ? tag : `${tag}: ${detail}`, conflicts };
  }
}

/** With the events that the log has after it, or why they cannot be followed: who does not know what they say must not go on. */
async function catchUp({ jsm, partitions }: EndingResources, from: Ending): Promise<Ending | string> {
  let ending = from;
  let followed = 0;
  const place = placeOf(from.conversationId, partitions);
  for await (const { streamSeq, json } of readConversation(jsm, place, from.streamSeq + 1)) {
    const event = decodeEnvelope(json);
    if (E.isLeft(event)) return `the event at ${streamSeq} cannot be read: ${event.left}`;
    if (++followed > MOST_FOLLOWED) return 'the rows are too far behind';
    ending = follow(ending, event.right, streamSeq);
  }
  return ending;
}
