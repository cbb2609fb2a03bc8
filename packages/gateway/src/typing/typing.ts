import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeWith } from '@parley/domain/text';
import { notificationFrame } from '@parley/domain/wire/json-rpc';
import { TYPING_MS, TypingSet } from '@parley/domain/wire/presence';
import { typingSubject } from '@parley/infra/log/subjects';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import * as E from 'fp-ts/lib/Either.js';
import type { GatewayCore } from '../gateway.js';
import type { Hub } from '../hub/hub.js';
import { sendSign } from '../session/send-sign.js';
import type { Session } from '../session/session.js';
import { isBelieved, stepTyping } from './typing-state.js';

/** Receivers on one gateway beyond which nobody is told who types: in a crowd somebody always does. */
const CROWD = 500;

/** Conversations in which one session is typing, as far as that is kept; what is over makes room. */
const MAX_AT_ONCE = 16;

/** Who types, told to members who are there now and kept nowhere. */
export type Typing = {
  /** `typing.set` */
  set(session: Session, params: unknown): E.Either<Refusal, unknown>;
  /** A notice of any gateway, this one too. */
  arrived(hub: Hub, notice: Uint8Array): void;
  /** A session is gone: it types no more. */
  forget(session: Session): void;
};

export function openTyping(gateway: GatewayCore): Typing {
  /** What arrived in this event-loop tick: of each typist the newest alone. */
  let arrived = new Map<Hub, Map<string, boolean>>();

  function publish({ conversationId }: Hub, user: string, isTyping: boolean): void {
    const isCrowd = gateway.app.numSubscribers(conversationId) > CROWD;
    if (isCrowd || !gateway.isConnected) return;
    gateway.nats.publish(typingSubject(conversationId, gateway.partitions), `${isTyping ? '+' : '-'}${user}`);
  }

  function flush(): void {
    const now = arrived;
    arrived = new Map();
    for (const [hub, typists] of now) {
      if (hub.released || gateway.app.numSubscribers(hub.conversationId) > CROWD) continue;
      for (const [user, isTyping] of typists) deliver(hub, user, isTyping ? TYPING_MS : 0);
    }
  }

  /** One by one and not to the topic: of a slow reader it must not fill the buffer. */
  function deliver({ conversationId, members }: Hub, user: string, expiresInMs: number): void {
    const frame = notificationFrame('typing', { conversationId, user, expiresInMs });
    for (const person of members.keys()) {
      if (person.user === user) continue;
      for (const session of person.sessions) {
        if (session.isOpen) sendSign(gateway.metrics, session, 'typing', frame);
      }
    }
  }

  return {
    set(session, params) {
      const wanted = decodeWith(TypingSet, params);
      if (E.isLeft(wanted)) return E.left(refuse('InvalidParams', wanted.left));
      const { conversationId, typing } = wanted.right;
      const { person } = session;
      const hub = gateway.hubs.get(conversationId);
      if (person === undefined || hub === undefined) return E.left(refuse('ConversationNotFound'));
      if (!person.hubs.has(hub))
        return E.left(refuse(hub.candidates.has(person) ? 'Unavailable' : 'ConversationNotFound'));
      const now = steadyNow();
      const { state, tell } = stepTyping(session.typing?.get(hub), typing, now);
      if (state === undefined) session.typing?.delete(hub);
      else {
        session.typing ??= new Map();
        session.typing.set(hub, state);
        if (session.typing.size > MAX_AT_ONCE)
          session.typing.delete(session.typing.keys().next().value as Hub);
      }
      if (tell !== undefined) publish(hub, person.user, tell === 'typing');
      return E.right({});
    },
    arrived(hub, notice) {
      const text = Buffer.from(notice).toString();
      if (arrived.size === 0) setImmediate(flush);
      const typists = arrived.get(hub) ?? new Map<string, boolean>();
      arrived.set(hub, typists.set(text.slice(1), text.startsWith('+')));
    },
    forget(session) {
      const now = steadyNow();
      for (const [hub, state] of session.typing ?? []) {
        if (session.person?.hubs.has(hub) && isBelieved(state, now)) publish(hub, session.person.user, false);
      }
      session.typing = undefined;
    },
  };
}
