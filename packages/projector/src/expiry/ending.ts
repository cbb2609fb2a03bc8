import type { Command } from '@parley/domain/conversation/commands';
import { decide } from '@parley/domain/conversation/decide';
import type { ConversationEvent } from '@parley/domain/conversation/events';
import { evolve } from '@parley/domain/conversation/evolve';
import { LayeredMap } from '@parley/domain/conversation/layered-map';
import { emptyRecent } from '@parley/domain/conversation/recent';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { type Closed, type Conversation, type Open, stands } from '@parley/domain/conversation/state';
import type { SeqRange } from '@parley/domain/conversation/vocabulary';
import { SYSTEM } from '@parley/domain/ids';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import * as E from 'fp-ts/lib/Either.js';
import type { DueConversation } from './due-conversation.js';
import { type Numbered, rangesOf, without } from './ranges.js';

/** Ranges that one event may name. */
export const MOST_RANGES = 1_000;

/** A conversation on its way from what the rows say to what the log says, and its messages that are due on the way. */
export type Ending = {
  readonly conversationId: string;
  /** What deciding an end needs to know; people and titles are not in it. */
  readonly state: Conversation;
  /** Stream sequence of the newest event that is in the state. */
  readonly streamSeq: number;
  readonly due: readonly SeqRange[];
};

/** As the rows have it, with the messages that they say are due. */
export function beginEnding(row: DueConversation, messages: readonly Numbered[]): Ending {
  const { conversationId, kind, closed, revision, changed, expiresAt } = row;
  const state: Open | Closed = {
    tag: closed ? 'closed' : 'open',
    revision,
    kind,
    expiresAt,
    recent: emptyRecent,
    producers: LayeredMap.of(),
    // What is being imported has nothing due in the rows.
    isIncoming: false,
    title: undefined,
    ttl: null,
    hold: undefined,
    pins: [],
    members: LayeredMap.of(),
    owners: 0,
    bans: new Set(),
    messages: 0,
    call: undefined,
  };
  return { conversationId, state, streamSeq: changed, due: rangesOf(messages) };
}

/** After an event that the rows did not have yet: what others let expire meanwhile is not due any more. */
export function follow(ending: Ending, event: Envelope, streamSeq: number): Ending {
  const gone = event.type === 'message.expired' ? event.data.ranges : [];
  return { ...ending, state: evolve(ending.state, event), streamSeq, due: without(ending.due, gone) };
}

/**
 * The event that ends what is due at `at`, at its place after the events followed: the conversation's own end, first closed, then
 * erased; else its messages'. Undefined where nothing is to be done, because others did it or it is held.
 */
export function decideEnding(ending: Ending, at: number): E.Either<Refusal, Envelope | undefined> {
  const command = commandOf(ending, at);
  if (command === undefined) return E.right(undefined);
  const { conversationId, commandId } = command.data;
  const place = { conversationId, seq: ending.state.revision + 1, at, actor: SYSTEM, commandId };
  return E.map((event: ConversationEvent | undefined) => event && envelop(event, place))(
    decide(ending.state, command),
  );
}

/** Its id is that of its place: one event at most is there. */
function commandOf({ conversationId, state, due }: Ending, at: number): Command | undefined {
  const base = { actor: SYSTEM, at, banHashes: {} } as const;
  const data = { conversationId, commandId: `end:${state.revision + 1}` };
  if (!stands(state) || state.hold !== undefined) return undefined;
  if (state.expiresAt !== null && state.expiresAt <= at) {
    const type = state.tag === 'open' ? 'conversation.close' : 'conversation.erase';
    return { ...base, type, data };
  }
  const ranges = due.slice(0, MOST_RANGES);
  return ranges.length === 0 ? undefined : { ...base, type: 'message.expire', data: { ...data, ranges } };
}
