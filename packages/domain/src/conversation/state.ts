import type { EventType } from './events.js';
import { LayeredMap } from './layered-map.js';
import { emptyRecent, type Recent } from './recent.js';
import type { BanHash, Kind, Role, Ttl } from './vocabulary.js';

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
};

type Common = {
  /** Seq of the newest event; 0 before the first. */
  readonly revision: number;
  readonly recent: Recent;
  /** Last position of each source; the one longest unused comes first. */
  readonly producers: LayeredMap<number>;
};

export type Absent = Common & { readonly tag: 'absent' };

/** What open and closed conversations have in common. */
type Present = Common & {
  readonly kind: Kind;
  readonly title: string | undefined;
  readonly ttl: Ttl;
  readonly members: LayeredMap<Member>;
  readonly owners: number;
  readonly bans: ReadonlySet<BanHash>;
  /** Messages sent so far: the ordinal of the newest. */
  readonly messages: number;
};

export type Open = Present & { readonly tag: 'open' };
export type Closed = Present & { readonly tag: 'closed' };

/** State of a conversation, folded from its events alone. */
export type Conversation = Absent | Open | Closed;

export const initial: Absent = {
  tag: 'absent',
  revision: 0,
  recent: emptyRecent,
  producers: LayeredMap.of(),
};

export const roleOf = (state: Conversation, user: string): Role | undefined =>
  state.tag === 'absent' ? undefined : state.members.get(user)?.role;
