import type { Subscription } from '@nats-io/transport-node';
import type { Furthest } from '../furthest.js';
import type { Person } from '../people.js';
import type { ReceiptBatch } from '../receipt-arrivals.js';
import type { Session } from '../session/session.js';
import type { HubEvent, MembershipChange, StoredEvent } from './hub-event.js';
import { type HubState, starting } from './hub-state.js';
import type { Position } from './position-state.js';

/** What is known of a member with a session here. The hash tells whether a ban means them. */
export type Member = { readonly since: number; readonly banHash: string };

/** What became of asking to follow a conversation. */
export type Admission =
  | 'member'
  /** A member of late: the event that made them one is still on its way here. */
  | 'expected'
  | 'stranger'
  | 'unavailable';

/** Somebody whose membership is being asked for, and what happened to it meanwhile. */
export type Candidate = {
  readonly changes: { readonly seq: number; readonly change: MembershipChange }[];
  readonly admission: Promise<Admission>;
  readonly settle: (admission: Admission) => void;
};

/** One conversation that people here are members of. */
export class Hub {
  state: HubState<HubEvent> = starting;
  /** The newest event delivered here; undefined while it is not known. Who subscribes now hears what follows it. */
  published: number | undefined;
  /** When the newest event known here happened, in ms since 1970 UTC: who catches up begins with the newest. */
  activeAt = 0;
  /** When the conversation ends, in ms since 1970 UTC; undefined where it does not, as far as is known here. */
  endsAt: number | undefined;
  /** True after a restart: those who were live have missed something. */
  interrupted = false;
  readonly members = new Map<Person, Member>();
  readonly candidates = new Map<Person, Candidate>();
  /** Events that wait for a secret, in order; undefined where none does. */
  opening: StoredEvent[] | undefined;
  /** Sessions that are not live yet. */
  readonly catchingUp = new Map<Session, Position>();
  /** Sessions that heard the last event. */
  receivers = 0;
  /** When receipts were last told, in ms by the steady clock. */
  toldReceiptsAt = Number.NEGATIVE_INFINITY;
  /** Where receipts of this conversation wait to be told, if some do. */
  receipts: ReceiptBatch | undefined;
  /** Of large conversations alone: whom all were told of as the furthest. */
  furthest: Furthest | undefined;
  /** Membership or head is being asked. */
  asking = false;
  /** Interest is declared and has reached the broker. */
  flushed = false;
  failures = 0;
  /** Something failed and is tried again soon. */
  retrying = false;
  released = false;
  subscriptions: readonly Subscription[] = [];

  constructor(
    /** Also the name of its topic. */
    readonly conversationId: string,
  ) {}
}
