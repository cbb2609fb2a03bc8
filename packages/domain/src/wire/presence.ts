import * as t from 'io-ts';
import { ConversationId, UserId } from '../ids.js';
import { shape } from '../shape.js';
import { boundedArray } from '../text.js';

/** People one connection may watch at the same time. */
export const MAX_WATCHED = 500;

/** Milliseconds after which typing is over unless it is said again. */
export const TYPING_MS = 6_000;

/** What a device says of its user. One that is `invisible` is offline to everyone else. */
export const PresenceSet = shape({
  status: t.keyof({ online: null, away: null, invisible: null }, 'online, away or invisible'),
});

/** Replaces whom this connection watches; nobody ends it. People who share no conversation with me are `unknown`. */
export const PresenceWatch = shape({ users: boundedArray('users', UserId, 0, MAX_WATCHED) });

/**
 * How a person is there: the most present of their devices counts. `lastSeenAt`, in ms since 1970 UTC, is when the last of them was,
 * where that is known. `unknown` is somebody I may not watch, or anybody while presence itself is away.
 */
export const PresenceView = shape(
  {
    user: t.string,
    status: t.keyof({ online: null, away: null, offline: null, unknown: null }, 'a status'),
  },
  { lastSeenAt: t.number },
);
export type PresenceView = t.TypeOf<typeof PresenceView>;

export const PresenceList = shape({ people: t.readonlyArray(PresenceView) });
export type PresenceList = t.TypeOf<typeof PresenceList>;

/** Say it again every few seconds while it is true: it expires by itself. */
export const TypingSet = shape({ conversationId: ConversationId, typing: t.boolean });
