import type { Kind, Role, Ttl } from '../conversation/vocabulary.js';
import { Calls } from './calls.js';
import { Holes } from './holes.js';
import { Timeline } from './timeline.js';

/** Somebody who is in a conversation, since which seq. */
export type HistoricMember = { role: Role; readonly since: number; readonly banHash: string };

/**
 * One conversation as it is at some place of the log: all that a reader of the specification knows who has folded its events one after the
 * other. Rows of the read model and answers about the past are made of it. It shares no code with the projector, which is compared with
 * it. What is not there is null; times in ms since 1970 UTC.
 */
export type History = {
  readonly conversationId: string;
  /** Null before it was created, or where its beginning is missing, or once it is erased. */
  kind: Kind | null;
  /** As the log has it, sealed or plain. */
  title: string | null;
  ttl: Ttl;
  closed: boolean;
  /** When the conversation itself ends. */
  expiresAt: number | null;
  erasedAt: number | null;
  hold: { readonly reason: string; readonly since: number; readonly by: string } | null;
  /** Seq of the newest event; 0 before the first. */
  revision: number;
  /** Time of the newest event; 0 before the first. */
  at: number;
  /** Ordinal of the newest message. */
  messages: number;
  lastActivityAt: number;
  readonly members: Map<string, HistoricMember>;
  readonly bans: Set<string>;
  readonly timeline: Timeline;
  readonly calls: Calls;
  /** By seq of the message. */
  readonly pins: Map<number, { readonly by: string; readonly at: number }>;
  /** Messages on which somebody's reactions are, or were, by user. */
  readonly reactedBy: Map<string, Set<number>>;
  /** Seqs that the log does not have. */
  readonly holes: Holes;
};

/** A conversation of which nothing has happened. */
export const emptyHistory = (conversationId: string): History => ({
  conversationId,
  kind: null,
  title: null,
  ttl: null,
  closed: false,
  expiresAt: null,
  erasedAt: null,
  hold: null,
  revision: 0,
  at: 0,
  messages: 0,
  lastActivityAt: 0,
  members: new Map(),
  bans: new Set(),
  timeline: new Timeline(),
  calls: new Calls(),
  pins: new Map(),
  reactedBy: new Map(),
  holes: new Holes(),
});
