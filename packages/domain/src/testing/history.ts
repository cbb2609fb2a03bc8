import * as E from 'fp-ts/lib/Either.js';
import { type Answer, answerAgain, answeredBefore } from '../conversation/answer.js';
import type { Command } from '../conversation/commands.js';
import { decide } from '../conversation/decide.js';
import { type Target, targetSought } from '../conversation/decide-messages.js';
import { evolve } from '../conversation/evolve.js';
import type { Refusal } from '../conversation/refusals.js';
import { type Conversation, initial } from '../conversation/state.js';
import { type Envelope, envelop } from '../log/envelope.js';

/** What came of one command. */
export type Step = { readonly command: Command; readonly outcome: E.Either<Refusal, Answer> };

export type History = {
  readonly state: Conversation;
  readonly log: readonly Envelope[];
  readonly steps: readonly Step[];
};

/** Takes commands one after the other as the command-api does: answered before? decide, append, evolve. */
export function happen(commands: readonly Command[]): History {
  let state: Conversation = initial;
  const log: Envelope[] = [];
  const steps = commands.map((command): Step => {
    const before = answerBefore(state, log, command);
    if (before !== undefined) return { command, outcome: before };
    const decision = decide(state, command, lookUp(log, targetSought(state, command)));
    if (E.isLeft(decision)) return { command, outcome: decision };
    const { conversationId, commandId, producer } = command.data;
    const { actor, at } = command;
    if (decision.right === undefined)
      return { command, outcome: E.right({ conversationId, seq: state.revision, at }) };
    const seq = state.revision + 1;
    const place = {
      conversationId,
      seq,
      at,
      actor,
      commandId,
      ...(producer === undefined ? {} : { producer }),
    };
    const event = envelop(decision.right, place);
    log.push(event);
    state = evolve(state, event);
    return { command, outcome: E.right({ conversationId, seq, at }) };
  });
  return { state, log, steps };
}

/** The first answer again, or why not; undefined for a command that is new. */
export function answerBefore(
  state: Conversation,
  log: readonly Envelope[],
  command: Command,
): E.Either<Refusal, Answer> | undefined {
  const before = answeredBefore(state, command);
  if (before === undefined || E.isLeft(before)) return before;
  if (before.right.tag === 'answered') return E.right(before.right.answer);
  const { deed } = before.right;
  return answerAgain(command, deed, log[deed.seq - 1]);
}

function lookUp(log: readonly Envelope[], seq: number | undefined): Target | undefined {
  if (seq === undefined) return undefined;
  const event = log[seq - 1];
  if (event?.type !== 'message.sent') return 'none';
  if (log.some(({ type, data }) => type === 'message.deleted' && data.seq === seq)) return 'gone';
  const { expiresAt } = event.data;
  return { author: event.actor, ...(expiresAt === undefined ? {} : { expiresAt }) };
}
