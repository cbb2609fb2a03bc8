import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { liveSubject } from '@parley/infra/log/subjects';
import type { Log } from '@parley/infra/runtime/log';
import type { CallRoster } from '@parley/infra/voice/roster';
import * as E from 'fp-ts/lib/Either.js';

/** Follows the log of the calls that are here: who may be in them. */
export type Follow = {
  /** Of one that is followed it is asked anew: it may be here as something else now. */
  add(conversationId: string): void;
  remove(conversationId: string): void;
  /** Asks about each: events may have been missed. */
  askAll(): void;
  close(): void;
};

export type FollowOptions = {
  readonly nats: NatsConnection;
  readonly partitions: number;
  readonly rosterOf: (conversationId: string) => Promise<E.Either<Refusal, CallRoster>>;
  /** What the log says now. */
  readonly onRoster: (conversationId: string, roster: CallRoster) => void;
  readonly log: Log;
};

/** Milliseconds before a question that could not be answered is asked again. */
const AGAIN_MS = 500;

/** One question about a call at a time; what happens meanwhile is asked about after it. */
export function followCalls({ nats, partitions, rosterOf, onRoster, log }: FollowOptions): Follow {
  const calls = new Map<string, Followed>();

  async function ask(conversationId: string, followed: Followed): Promise<void> {
    followed.isDue = true;
    if (followed.isAsking) return;
    followed.isAsking = true;
    while (followed.isDue && calls.get(conversationId) === followed) {
      followed.isDue = false;
      const roster = await rosterOf(conversationId);
      if (calls.get(conversationId) !== followed) return;
      if (E.isRight(roster)) onRoster(conversationId, roster.right);
      else {
        log.debug({ conversationId, refusal: roster.left }, 'a call was not answered about');
        setTimeout(() => {
          if (calls.get(conversationId) === followed) void ask(conversationId, followed);
        }, AGAIN_MS).unref();
      }
    }
    followed.isAsking = false;
  }

  function add(conversationId: string): void {
    const known = calls.get(conversationId);
    if (known !== undefined) return void ask(conversationId, known);
    const subscription = nats.subscribe(liveSubject(conversationId, partitions), {
      callback: (error, message) => {
        if (error === null && concerns(message.string())) void ask(conversationId, followed);
      },
    });
    const followed: Followed = { subscription, isAsking: false, isDue: false };
    calls.set(conversationId, followed);
    void ask(conversationId, followed);
  }

  function remove(conversationId: string): void {
    calls.get(conversationId)?.subscription.unsubscribe();
    calls.delete(conversationId);
  }

  return {
    add,
    remove,
    askAll() {
      for (const [conversationId, followed] of calls) void ask(conversationId, followed);
    },
    close() {
      for (const conversationId of [...calls.keys()]) remove(conversationId);
    },
  };
}

type Followed = { readonly subscription: Subscription; isAsking: boolean; isDue: boolean };

/** Whether an event, as it is stored, may change who is in the call or may be: one that says it by chance in its text costs a question. */
const concerns = (stored: string): boolean => /"type":"(call|member|conversation)\./.test(stored);
