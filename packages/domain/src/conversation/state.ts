import type { Call } from '../call/call.js';
import type { OpaqueBody } from './body.js';
import type { EventType } from './events.js';
import { LayeredMap } from './layered-map.js';
import { emptyRecent, type Recent } from './recent.js';
import type { BanHash, Ending, Kind, Pin, Role, Ttl } from './vocabulary.js';

/** Newest events a conversation remembers for certain (up to 31 more), so that the same id again returns the first answer. */
export const REMEMBERED_COMMANDS = 256;

/** Sources whose last position a conversation remembers; the one longest unused is forgotten first. */
export const REMEMBERED_PRODUCERS = 1_024;

export type Member = { readonly role: Role; readonly since: number; readonly banHash: BanHash };

/** An event the conversation remembers: enough to repeat the first answer and to know who wrote a recent message. */
export type Deed = {
  readonly actor: string;
  readonly commandId: string;
  readonly type: EventType;
  readonly seq: number;
  readonly at: number;
  readonly gone?: true;
  /** When a message's life is over, where it has an end. */
  readonly expiresAt?: number;
};

type Common = {
  /** Seq of the newest event; 0 before the first. */
  readonly revision: number;
  readonly recent: Recent;
  /** Last position of each source; the one longest unused comes first. */
  readonly producers: LayeredMap<number>;
  /** It is being taken over from another log, and not all of it is there. */
  readonly isIncoming: boolean;
};

export type Absent = Common & { readonly tag: 'absent' };

/** Nothing in the conversation expires or is erased meanwhile; its members see who asked for it, why and since when, in ms. */
export type Hold = { readonly reason: string; readonly since: number; readonly by: string };

/** What open and closed conversations have in common. */
type Present = Common & {
  readonly kind: Kind;
  readonly title: OpaqueBody | undefined;
  readonly ttl: Ttl;
  /** When the conversation itself ends. */
  readonly expiresAt: Ending;
  readonly hold: Hold | undefined;
  /** The one pinned first before the others. */
  readonly pins: readonly Pin[];
  readonly members: LayeredMap<Member>;
  readonly owners: number;
  readonly bans: ReadonlySet<BanHash>;
  /** Messages sent so far: the ordinal of the newest. */
  readonly messages: number;
  /** The call that goes on. */
  readonly call: Call | undefined;
};

export type Open = Present & { readonly tag: 'open' };
export type Closed = Present & { readonly tag: 'closed' };

/** Nothing is left but that it was: its id is not given again. */
export type Erased = Common & { readonly tag: 'erased' };

/** State of a conversation, folded from its events alone. */
export type Conversation = Absent | Open | Closed | Erased;

/** A conversation that has, or had, people in it who may read it. */
export type Standing = Open | Closed;

export const stands = (state: Conversation): state is Standing =>
  state.tag === 'open' || state.tag === 'closed';

export const isPinned = ({ pins }: Standing, seq: number): boolean => pins.some((pin) => pin.seq === seq);

export const initial: Absent = {
  tag: 'absent',
  revision: 0,
  recent: emptyRecent,
  producers: /* @__PURE__ */ LayeredMap.of(),
  isIncoming: false,
};

export const roleOf = (state: Conversation, user: string): Role | undefined =>
  stands(state) ? state.members.get(user)?.role : undefined;
