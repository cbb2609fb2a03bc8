import type { Msg, Subscription } from '@nats-io/transport-node';
import type { ParticipantState } from '@parley/domain/wire/voice';
import type { Seat } from '@parley/infra/voice/placing';
import { callSubject } from '@parley/infra/voice/subjects';
import type { GatewayCore } from '../gateway.js';
import type { HubEvent } from '../hub/hub-event.js';
import type { Session } from '../session/session.js';

/** A participant that a connection here has taken. */
export type Place = {
  readonly session: Session;
  readonly conversationId: string;
  readonly call: number;
  readonly participant: number;
  readonly user: string;
  readonly device: string;
  /** When this connection took it, by the log's time in ms: of two connections the later one has it. */
  readonly at: number;
  /** Where its newest ticket leads; undefined in a mesh, and when that is no longer right. */
  seat: Seat | undefined;
  /** What it said last of itself. */
  state: ParticipantState | undefined;
};

/** An event that ends somebody's part in a call, and whom here it means where it is a ban. */
export type HeardEvent = { readonly event: HubEvent; readonly banned: readonly string[] };

/** A conversation with participants of its call here. */
export class HeldCall {
  readonly places = new Map<number, Place>();
  /** Those who are about to enter. */
  entering = 0;
  /** What has happened to the call meanwhile; the answer that lets them in may be older. */
  readonly heard: HeardEvent[] = [];
  /** The newest placement known here, by its fence. */
  fence = 0;
  /** Who is in the call by the log is being asked; `again`: once more after that. */
  asking: 'not' | 'once' | 'again' = 'not';

  constructor(
    readonly conversationId: string,
    readonly subscription: Subscription,
    /** Resolves when the broker knows of the subscription. */
    readonly reached: Promise<boolean>,
  ) {}
}

/** The calls with somebody here, one subscription each. */
export type HeldCalls = {
  get(conversationId: string): HeldCall | undefined;
  /** For who is about to enter: what happens from now on is heard. Let go of it by `done`. */
  enter(conversationId: string): HeldCall;
  done(call: HeldCall): void;
  add(call: HeldCall, place: Place): void;
  remove(place: Place): HeldCall | undefined;
  all(): Iterable<HeldCall>;
  places(): Iterable<Place>;
  /** Calls with somebody here, and participants. */
  readonly counts: { readonly calls: () => number; readonly places: () => number };
};

export function openHeldCalls(
  gateway: Pick<GatewayCore, 'nats' | 'interestReached'>,
  arrived: (call: HeldCall, message: Msg) => void,
  left: (place: Place) => void,
): HeldCalls {
  const calls = new Map<string, HeldCall>();
  let size = 0;

  function releaseIfEmpty(call: HeldCall): void {
    if (call.entering > 0 || call.places.size > 0) return;
    call.subscription.unsubscribe();
    calls.delete(call.conversationId);
  }

  return {
    get: (conversationId) => calls.get(conversationId),
    enter(conversationId) {
      const known = calls.get(conversationId);
      if (known !== undefined) {
        known.entering++;
        return known;
      }
      const subscription = gateway.nats.subscribe(callSubject(conversationId), {
        callback: (error, message) => {
          if (!error) arrived(call, message);
        },
      });
      const call = new HeldCall(conversationId, subscription, gateway.interestReached());
      call.entering++;
      calls.set(conversationId, call);
      return call;
    },
    done(call) {
      if (--call.entering === 0) call.heard.length = 0;
      releaseIfEmpty(call);
    },
    add(call, place) {
      call.places.set(place.participant, place);
      place.session.places ??= new Map();
      place.session.places.set(place.conversationId, place);
      size++;
    },
    remove(place) {
      const call = calls.get(place.conversationId);
      if (call?.places.get(place.participant) !== place) return undefined;
      call.places.delete(place.participant);
      const mine = place.session.places;
      if (mine?.get(place.conversationId) === place) mine.delete(place.conversationId);
      if (mine?.size === 0) place.session.places = undefined;
      size--;
      releaseIfEmpty(call);
      left(place);
      return call;
    },
    all: () => calls.values(),
    *places() {
      for (const call of calls.values()) yield* call.places.values();
    },
    counts: {
      calls: () => [...calls.values()].filter(({ places }) => places.size > 0).length,
      places: () => size,
    },
  };
}
