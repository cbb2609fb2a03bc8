import type { JetStreamManager } from '@nats-io/jetstream';
import { type Answer, answeredBefore, eventOfCommand } from '@parley/domain/conversation/answer';
import type { Command } from '@parley/domain/conversation/commands';
import { decide, type Target, targetSought } from '@parley/domain/conversation/decide';
import type { ConversationEvent } from '@parley/domain/conversation/events';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeEnvelope, type Envelope, envelop } from '@parley/domain/log/envelope';
import { append } from '@parley/infra/log/append';
import { eventAt, storedAt } from '@parley/infra/log/conversation-reader';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import * as E from 'fp-ts/lib/Either.js';
import type { ConversationStore, Known } from '../conversations/store.js';
import type { Turns } from '../conversations/turns.js';

export type CommandResources = {
  readonly store: ConversationStore;
  readonly turns: Turns;
  readonly window: PublishWindow;
  readonly jsm: JetStreamManager;
  /** Told of every event of ours after the log has stored it. Must not throw. */
  readonly onAppended: (event: Envelope) => void;
};

/** Conflicts and lost answers in a row before a command is given back as retryable. */
const MAX_ATTEMPTS = 8;

/**
 * Loads, decides, appends; the answer has the seq of the event. Commands of one conversation wait for each other here; those
 * another instance takes meanwhile show as conflicts, after which the new events are read and it is decided again.
 *
 * An answer or a refusal is given only if it is true of the log: one that comes from cached state is decided once more on
 * fresh state. A lost answer of the broker never becomes a second event, because the log is read and the command's own
 * event looked for before anything is appended again. Broker failures reject; nothing is lost by asking again.
 */
export async function handleCommand(
  resources: CommandResources,
  command: Command,
  traceparent?: string,
): Promise<E.Either<Refusal, Answer>> {
  const { conversationId } = command.data;
  const outcome = await resources.turns.take(conversationId, () => attempt(resources, command, traceparent));
  return outcome ?? E.left(refuse('TooManyRequests', 'too many commands wait for this conversation'));
}

async function attempt(
  resources: CommandResources,
  command: Command,
  traceparent: string | undefined,
): Promise<E.Either<Refusal, Answer>> {
  const { store } = resources;
  const { conversationId } = command.data;
  let known = await store.known(conversationId);
  let isFresh = false;

  for (let attempts = 0; attempts < MAX_ATTEMPTS; ) {
    const before = answeredBefore(known.state, command);
    if (before !== undefined) return before;

    const decision = decide(known.state, command, await lookUp(resources, known, command));
    if (E.isLeft(decision) || decision.right === undefined) {
      if (isFresh) return E.map(() => unchangedAnswer(known, command))(decision);
      known = await store.fresh(conversationId);
      isFresh = true;
      continue;
    }

    attempts++;
    const event = place(decision.right, known, command);
    const appended = await append(resources.window, {
      place: store.placeOf(conversationId),
      payload: JSON.stringify(event),
      expected: known.streamSeq,
      messageId: `${conversationId}:${command.actor}:${command.data.commandId}`,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    if (appended.tag === 'stored') {
      store.advance(conversationId, known, event, appended.streamSeq);
      resources.onAppended(event);
      return E.right({ conversationId, seq: event.seq, at: event.at });
    }
    if (appended.tag === 'duplicate') return answerOfDuplicate(resources, command, appended.streamSeq);
    if (appended.tag === 'refused') return E.left(refuse('Unavailable', appended.reason));
    known = await store.fresh(conversationId);
    isFresh = true;
  }
  return E.left(refuse('Unavailable', 'others were faster each time'));
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
  { store, jsm }: CommandResources,
  { type, data: { conversationId } }: Command,
  streamSeq: number,
): Promise<E.Either<Refusal, Answer>> {
  const stored = decodeEnvelope((await storedAt(jsm, store.placeOf(conversationId), streamSeq))?.json);
  if (E.isLeft(stored)) return E.left(refuse('Unavailable', 'the first answer cannot be read now'));
  const { seq, at, type: made } = stored.right;
  if (made !== eventOfCommand[type]) return E.left(refuse('IdReused', `it made ${made}`));
  return E.right({ conversationId, seq, at, repeated: true });
}

/** The author of a message the state no longer remembers, read from the log. */
async function lookUp(
  { store, jsm }: CommandResources,
  known: Known,
  command: Command,
): Promise<Target | undefined> {
  const seq = targetSought(known.state, command);
  if (seq === undefined) return undefined;
  const stored = await eventAt(jsm, store.placeOf(command.data.conversationId), seq, known.streamSeq);
  const envelope = decodeEnvelope(stored?.json);
  return E.isRight(envelope) && envelope.right.type === 'message.sent'
    ? { author: envelope.right.actor }
    : 'none';
}

const unchangedAnswer = ({ state }: Known, { data, at }: Command): Answer => ({
  conversationId: data.conversationId,
  seq: state.revision,
  at,
});
