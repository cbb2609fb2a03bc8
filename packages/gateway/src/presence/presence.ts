import { randomBytes } from 'node:crypto';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeWith } from '@parley/domain/text';
import { PresenceSet, PresenceWatch } from '@parley/domain/wire/presence';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import * as E from 'fp-ts/lib/Either.js';
import type { Redis } from 'ioredis';
import type { GatewayCore } from '../gateway.js';
import type { Session } from '../session/session.js';
import { openAnnouncer } from './announce.js';
import { BEAT_MS, type HeartEffect, type HeartInput, type HeartState, stepHeart } from './heart-state.js';
import { openPresenceStore } from './presence-store.js';
import { payOwed } from './tell.js';
import { type Alive, deadOf, isSameCompany } from './view.js';
import { checkAgain, watch } from './watch.js';
import { openWatching } from './watching.js';

/** Who is there, and who wants to know. */
export type Presence = {
  /** A session of a user has opened, or a person has been without one for a while. */
  changed(user: string): void;
  /** `presence.set` */
  set(session: Session, params: unknown): E.Either<Refusal, unknown>;
  /** `presence.watch`; `answer` is called before anything is told of those who are watched. */
  watch(session: Session, params: unknown, answer: (answer: E.Either<Refusal, unknown>) => void): void;
  /** A session is gone. */
  forget(session: Session): void;
  /** The reader of a session has caught up somewhat. */
  drained(session: Session): void;
  /** Notices may have been lost. */
  lookAtAll(): void;
  /** Users who are watched here. */
  readonly watched: number;
  /** People whose presence waits to be put into Redis. */
  readonly waiting: number;
  /** False while Redis is away. */
  readonly isKnown: boolean;
  close(): void;
};

/** Presence on one gateway: it says that it lives every second, and everything else only when it changes. */
export function openPresence(gateway: GatewayCore, redis: Redis): Presence {
  const store = openPresenceStore(redis);
  let state: HeartState = { tag: 'starting' };
  let name = newName();
  let alive: Alive = { now: 0, until: new Map() };
  let dead: readonly string[] = [];
  let isBeating = false;

  const canPut = () => state.tag === 'known' || state.tag === 'settling';
  const announcer = openAnnouncer(gateway, {
    store,
    name: () => (canPut() ? name : undefined),
    dead: () => dead,
  });
  const watching = openWatching(gateway, store, () => (state.tag === 'known' ? alive : undefined));

  async function beat(): Promise<void> {
    if (isBeating) return;
    isBeating = true;
    const answer = await store.beat(name).catch((error: unknown) => {
      gateway.log.debug({ err: error }, 'a heartbeat was not answered');
    });
    isBeating = false;
    if (answer === undefined) return step({ tag: 'missed' });
    const isSame = isSameCompany(alive, answer.alive);
    alive = answer.alive;
    dead = deadOf(alive);
    step({ tag: 'beaten', isNew: answer.isNew });
    if (!isSame) watching.reconsider();
    announcer.retry();
    announcer.mend();
    watching.mend();
    for (const session of gateway.sessions) checkAgain(gateway, watching, session, steadyNow());
  }

  function step(input: HeartInput): void {
    const next = stepHeart(state, input, Date.now());
    state = next.state;
    for (const effect of next.effects) perform(effect);
  }

  function perform(effect: HeartEffect): void {
    switch (effect) {
      case 'putAll':
        return announcer.putAll();
      case 'lookAtAll':
        return watching.lookAtAll();
      case 'unknown':
        return watching.reconsider();
      case 'rename':
        name = newName();
        return;
      default:
        return effect satisfies never;
    }
  }

  const timer = setInterval(() => void beat(), BEAT_MS);
  void beat();

  return {
    changed: announcer.touch,
    set(session, params) {
      const wanted = decodeWith(PresenceSet, params);
      if (E.isLeft(wanted)) return E.left(refuse('InvalidParams', wanted.left));
      session.said = wanted.right.status;
      if (session.person !== undefined) announcer.touch(session.person.user);
      return E.right({});
    },
    watch(session, params, answer) {
      const wanted = decodeWith(PresenceWatch, params);
      if (E.isLeft(wanted)) return answer(E.left(refuse('InvalidParams', wanted.left)));
      watch(gateway, watching, session, wanted.right.users, answer);
    },
    forget(session) {
      for (const watched of session.watch?.users.values() ?? []) {
        watched.watchers.delete(session);
        watching.release(watched);
      }
      session.watch = undefined;
    },
    drained: (session) => payOwed(gateway, session),
    lookAtAll: watching.lookAtAll,
    get watched() {
      return watching.size;
    },
    get waiting() {
      return announcer.waiting;
    },
    get isKnown() {
      return state.tag === 'known';
    },
    close: () => clearInterval(timer),
  };
}

const newName = (): string => randomBytes(9).toString('base64url');
