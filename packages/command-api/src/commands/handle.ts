import type { JetStreamManager } from '@nats-io/jetstream';
import { type Answer, answerAgain, answeredBefore } from '@parley/domain/conversation/answer';
import { closeJson } from '@parley/domain/conversation/body';
import type { Command } from '@parley/domain/conversation/commands';
import { decide } from '@parley/domain/conversation/decide';
import { type Target, targetSought } from '@parley/domain/conversation/decide-messages';
import type { ConversationEvent } from '@parley/domain/conversation/events';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { type Conversation, stands } from '@parley/domain/conversation/state';
import { decodeEnvelope, type Envelope, envelop } from '@parley/domain/log/envelope';
import { closedTitle } from '@parley/domain/sealing/closed';
import { isErasureQueued } from '@parley/infra/erasure/queue';
import { eventAt, storedAt } from '@parley/infra/log/conversation-reader';
import { fateSince } from '@parley/infra/log/fate-since';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import type { Vault } from '@parley/infra/vault/vault';
import * as E from 'fp-ts/lib/Either.js';
import type { ConversationStore, Known } from '../conversations/store.js';
import type { Turns } from '../conversations/turns.js';
import { decideAndAppend } from '../log/decide-and-append.js';
import { eventOfDeed } from '../log/event-of-deed.js';
import { headOf } from '../log/folded-store.js';
import { erasureOf } from './erasure-of.js';
import { openEvent } from './open-event.js';
import { sealEvent } from './seal-event.js';

export type CommandResources = {
  readonly store: ConversationStore;
  readonly turns: Turns;
  readonly window: PublishWindow;
  readonly jsm: JetStreamManager;
  readonly vault: Vault;
  /** Told of every event of ours after the log has stored it. Must not throw. */
  readonly onAppended: (event: Envelope) => void;
};

/**
 * Does a command, or says why not; the answer has the seq of the event. Commands of one conversation wait for each other
 * here; what another instance takes meanwhile shows as conflicts. Broker failures reject; nothing is lost by asking again.
 */
export async function handleCommand(
  resources: CommandResources,
  command: Command,
  traceparent?: string,
): Promise<E.Either<Refusal, Answer>> {
  const { conversationId, commandId } = command.data;
  const outcome = await resources.turns.take(conversationId, () =>
    decideAndAppend(resources, {
      id: conversationId,
      messageId: `${conversationId}:${command.actor}:${commandId}`,
      ...(traceparent === undefined ? {} : { traceparent }),
      answeredBefore: (known) => answerBefore(resources, known, command),
      decide: async (known) => {
        const state = await withTitle(resources, known.state, command);
        const decision = decide(state, command, await lookUp(resources, known, command));
        if (E.isLeft(decision)) return decision;
        if (decision.right === undefined) return E.right(undefined);
        return sealEvent(resources.vault, place(decision.right, known, command));
      },
      erasureOf,
      unchanged: ({ state }) => ({ conversationId, seq: state.revision, at: command.at }),
      done: ({ seq, at }) => ({ conversationId, seq, at }),
      duplicateOf: (streamSeq) => answerOfDuplicate(resources, command, streamSeq),
    }),
  );
  return outcome ?? E.left(refuse('TooManyRequests', 'too many commands wait for this conversation'));
}

/** To be renamed as it is called already is nothing: for that alone, the title is opened. */
async function withTitle(
  { vault }: CommandResources,
  state: Conversation,
  { type, data: { conversationId } }: Command,
): Promise<Conversation> {
  if (type !== 'conversation.rename' || !stands(state) || state.title === undefined) return state;
  const [opened] = await vault.open([closedTitle(conversationId, state.title)]);
  return opened?.tag === 'open' ? { ...state, title: closeJson(opened.json) } : state;
}

/** Only a repetition pays for the look at what it said the first time. */
async function answerBefore(
  { store, jsm, vault }: CommandResources,
  known: Known,
  command: Command,
): Promise<E.Either<Refusal, Answer> | undefined> {
  const before = answeredBefore(known.state, command);
  if (before === undefined || E.isLeft(before)) return before;
  if (before.right.tag === 'answered') return E.right(before.right.answer);
  const { deed } = before.right;
  const place = store.placeOf(command.data.conversationId);
  const event = decodeEnvelope((await eventOfDeed(jsm, place, known, deed))?.json);
  return answerAgain(command, deed, E.isRight(event) ? await openEvent(vault, event.right) : undefined);
}

function place(event: ConversationEvent, { state }: Known, { actor, at, data }: Command): Envelope {
  const { conversationId, commandId, producer } = data;
  return envelop(event, {
    conversationId,
    seq: state.revision + 1,
    at,
    actor,
    commandId,
    ...(producer === undefined ? {} : { producer }),
  });
}

/** The broker remembers ids by time, the state by number: in a busy conversation the broker may know what the state forgot. */
async function answerOfDuplicate(
  { store, jsm, vault }: CommandResources,
  command: Command,
  streamSeq: number,
): Promise<E.Either<Refusal, Answer>> {
  const place = store.placeOf(command.data.conversationId);
  const stored = decodeEnvelope((await storedAt(jsm, place, streamSeq))?.json);
  return E.isLeft(stored)
    ? E.left(refuse('Unavailable', 'the first answer cannot be read now'))
    : answerAgain(command, stored.right, await openEvent(vault, stored.right));
}

/**
 * A message the state no longer remembers, read from the log: its author and when its life is over. A deleted one is in the log until its erasure is done; only
 * where that waits what came after it is read, because the state may have forgotten that it was deleted, too.
 */
async function lookUp(
  { store, jsm }: CommandResources,
  known: Known,
  command: Command,
): Promise<Target | undefined> {
  const seq = targetSought(known.state, command);
  if (seq === undefined) return undefined;
  const { conversationId } = command.data;
  const place = store.placeOf(conversationId);
  const stored = await eventAt(jsm, place, seq, headOf(known));
  if (stored === undefined) return 'gone';
  const envelope = decodeEnvelope(stored.json);
  if (E.isLeft(envelope) || envelope.right.type !== 'message.sent') return 'none';
  const { actor: author, data } = envelope.right;
  if (await isErasureQueued(jsm, { kind: 'message', conversationId, seq })) {
    const { gone } = await fateSince(jsm, place, stored.streamSeq, [{ seq, author }]);
    if (gone.has(seq)) return 'gone';
  }
  return { author, ...(data.expiresAt === undefined ? {} : { expiresAt: data.expiresAt }) };
}
