import * as E from 'fp-ts/lib/Either.js';
import { expect } from 'vitest';
import type { Command } from '../conversation/commands.js';
import { decide } from '../conversation/decide.js';
import type { Target } from '../conversation/decide-messages.js';
import type { ConversationEvent, EventOf, EventType } from '../conversation/events.js';
import { evolve } from '../conversation/evolve.js';
import { type RefusalTag, refuse } from '../conversation/refusals.js';
import { type Conversation, initial } from '../conversation/state.js';
import type { Kind, Role, Ttl } from '../conversation/vocabulary.js';
import { type Envelope, envelop } from '../log/envelope.js';
import { GARDEN, hashOf, NOON } from './commands.js';

/** Something that has happened: an event and who did it. */
export type Past = { readonly by: string; readonly event: ConversationEvent; readonly commandId?: string };

/** Given events, when a command, then an event, a refusal, or nothing. */
export function given(...past: readonly Past[]) {
  const state = fold(past);
  return {
    state,
    when(command: Command, target?: Target) {
      const decision = decide(state, command, target);
      return {
        makes<T extends EventType>(type: T, data: EventOf<T>['data']): Conversation {
          expect(decision).toStrictEqual(E.right({ type, data }));
          const event = { type, data } as ConversationEvent;
          const { actor, at, data: cause } = command;
          const seq = state.revision + 1;
          return evolve(
            state,
            envelop(event, { conversationId: GARDEN, seq, at, actor, commandId: cause.commandId }),
          );
        },
        makesNothing(): void {
          expect(decision).toStrictEqual(E.right(undefined));
        },
        isRefused(tag: RefusalTag, detail?: string): void {
          expect(decision).toStrictEqual(E.left(refuse(tag, detail)));
        },
      };
    },
  };
}

/** The state after these events, one seq each from 1. */
export function fold(past: readonly Past[]): Conversation {
  return envelopes(past).reduce(evolve, initial as Conversation);
}

/** The events at their places in the log of the garden. */
export function envelopes(past: readonly Past[]): readonly Envelope[] {
  return past.map(({ by, event, commandId }, i) =>
    envelop(event, {
      conversationId: GARDEN,
      seq: i + 1,
      at: NOON - 1_000 + i,
      actor: by,
      commandId: commandId ?? `past-${i + 1}`,
    }),
  );
}

export function happened<T extends EventType>(
  by: string,
  type: T,
  data: EventOf<T>['data'],
  commandId?: string,
): Past {
  const event = { type, data } as ConversationEvent;
  return commandId === undefined ? { by, event } : { by, event, commandId };
}

/** A conversation of these people, made by the first. */
export function created(kind: Kind, people: Readonly<Record<string, Role>>, ttl: Ttl = null): Past {
  const members = Object.entries(people).map(([user, role]) => ({ user, role, banHash: hashOf(user) }));
  return happened(members[0]?.user ?? 'ann', 'conversation.created', { kind, ttl, members });
}

const hello = 'p0.{"kind":"text","text":"hello"}';

/** A message, the `ordinal`th of its conversation. */
export const sent = (by: string, ordinal: number, commandId?: string): Past =>
  happened(by, 'message.sent', { ordinal, body: hello }, commandId);

/** A message that expires at this time, in ms. */
export const sentUntil = (expiresAt: number, by: string, ordinal: number): Past =>
  happened(by, 'message.sent', { ordinal, body: hello, expiresAt });

/** As many messages as given, from the first ordinal on. */
export const manySent = (by: string, count: number, from = 1): readonly Past[] =>
  Array.from({ length: count }, (_, i) => sent(by, from + i));
