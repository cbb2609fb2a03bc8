import { foldHistory } from '@parley/domain/history/fold-history';
import { emptyHistory, type History } from '@parley/domain/history/history';
import { addDigest, type Digest, digestOf, emptyDigest, type LoggedEvent } from '@parley/domain/log/digest';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { textFault } from '@parley/domain/text';
import * as E from 'fp-ts/lib/Either.js';

/** An event as the log gave it; `storedAt` in ms where it is known. */
export type Stored = { readonly streamSeq: number; readonly json: unknown; readonly storedAt?: number };

/** A conversation's history, with where in the log it was told. */
export type ToldHistory = {
  readonly history: History;
  /** Of the newest event: its stream sequence, and when that was stored. */
  changed: number;
  changedAt: number | undefined;
  /** Who is no member any more, since which stream sequence. */
  readonly departures: Map<string, number>;
  readonly erasedPeople: Set<string>;
  /** Events folded and what they amount to, those among them that are told by what is left of them. */
  events: number;
  digest: Digest;
  readonly claimed: Set<number>;
  /** Where the event is that nobody can read, behind which the conversation stands still. */
  unreadable: number | undefined;
};

export const untold = (conversationId: string): ToldHistory => ({
  history: emptyHistory(conversationId),
  changed: 0,
  changedAt: undefined,
  departures: new Map(),
  erasedPeople: new Set(),
  events: 0,
  digest: emptyDigest,
  claimed: new Set(),
  unreadable: undefined,
});

/**
 * Folds one more event. Behind one that cannot be read nothing is folded.
 */
export function tell(told: ToldHistory, { streamSeq, json, storedAt }: Stored): void {
  if (told.unreadable !== undefined) return;
  const { history } = told;
  const event = readable(json);
  if (event?.conversationId !== history.conversationId) {
    told.unreadable = streamSeq;
    return;
  }
  told.changed = streamSeq;
  told.changedAt = storedAt;
  told.events++;
  told.digest = addDigest(told.digest, digestOf(json as LoggedEvent));
  if (event.type === 'message.erased') claim(told, event);
  for (const user of leavers(history, event)) told.departures.set(user, streamSeq);
  foldHistory(history, event);
  for (const user of enterers(event)) told.departures.delete(user);
  if (event.type === 'member.erased') told.erasedPeople.add(event.data.user);
}

/** An operator decided to pass over an event: the conversation goes on behind it, where it has a place in it. */
export function passOver(told: ToldHistory, { streamSeq, storedAt }: Stored, seq: number | undefined): void {
  if (told.unreadable !== undefined || seq === undefined) return;
  told.changed = streamSeq;
  told.changedAt = storedAt;
  told.history.revision = Math.max(told.history.revision, seq);
}

/** The event, unless it is none that anybody could keep. */
function readable(json: unknown): Envelope | undefined {
  const decoded = decodeEnvelope(json);
  if (E.isLeft(decoded)) return undefined;
  const event = decoded.right;
  const hasBody = event.type === 'message.sent' || event.type === 'message.edited';
  return hasBody && textFault(event.data.body) !== undefined ? undefined : event;
}

/** What is left of events that are not in the log counts as they did. */
function claim(told: ToldHistory, event: Extract<Envelope, { type: 'message.erased' }>): void {
  const { conversationId } = event;
  for (const left of event.data.remains) {
    if (!told.history.holes.has(left.seq) || told.claimed.has(left.seq)) continue;
    told.claimed.add(left.seq);
    told.events++;
    told.digest = addDigest(told.digest, digestOf({ ...left, conversationId }));
  }
}

/** Who an event puts out, whether they were in or not. */
function leavers({ members }: History, event: Envelope): readonly string[] {
  switch (event.type) {
    case 'member.removed':
      return event.data.users;
    case 'member.left':
      return [event.actor];
    case 'member.banned':
      return [...members].flatMap(([user, { banHash }]) => (banHash === event.data.banHash ? [user] : []));
    case 'member.erased':
      return [event.data.user];
    case 'conversation.erased':
      return [...members.keys()];
    default:
      return [];
  }
}

const enterers = (event: Envelope): readonly string[] =>
  event.type === 'member.added' || event.type === 'conversation.created'
    ? event.data.members.map(({ user }) => user)
    : [];
