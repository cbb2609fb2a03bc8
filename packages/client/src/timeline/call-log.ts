import type { Call } from '@parley/domain/call/call';
import { foldCall } from '@parley/domain/call/fold-call';
import { callOf } from '@parley/domain/call/ongoing';
import type { CallNow, CallView } from '@parley/domain/wire/calls';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { CallEntry } from './timeline.js';

/** Seqs from one to another, both included. */
export type Range = { readonly from: number; readonly to: number };

/** Calls of one conversation as far as they are known here. */
export type CallLog = {
  /** Oldest first. */
  readonly entries: readonly CallEntry[];
  /** Seqs among which all calls are known; ascending, apart from each other. */
  readonly covered: readonly Range[];
  /** The one that goes on, by the newest event that is folded; undefined also where its end is not known yet. */
  readonly ongoing: Call | undefined;
  readonly revision: number;
};

export const noCalls: CallLog = { entries: [], covered: [], ongoing: undefined, revision: 0 };

/** The stretches of a range in which calls are not known. */
export function gapsIn({ covered }: Pick<CallLog, 'covered'>, { from, to }: Range): readonly Range[] {
  const gaps: Range[] = [];
  let next = from;
  for (const known of covered) {
    if (known.to < next) continue;
    if (known.from > to) break;
    if (known.from > next) gaps.push({ from: next, to: known.from - 1 });
    if (known.to >= to) return gaps;
    next = known.to + 1;
  }
  return next <= to ? [...gaps, { from: next, to }] : gaps;
}

/** After a list of the calls in a range. */
export function withCalls(log: CallLog, range: Range, calls: readonly CallView[], user: string): CallLog {
  const entries = new Map(log.entries.map((entry) => [entry.seq, entry]));
  for (const call of calls) entries.set(call.call, entryOf(call, user));
  return { ...log, entries: sorted(entries.values()), covered: withRange(log.covered, range) };
}

/** After the answer which call goes on. One that the list has too comes with all who were in it, and not only with who is. */
export function withNow(log: CallLog, { call, revision }: CallNow, user: string): CallLog {
  const next = { ...log, revision, ongoing: call && callOf(call) };
  if (call === undefined || log.entries.some(({ seq }) => seq === call.call)) return next;
  const users = [...new Set(call.participants.map((each) => each.user))];
  const { call: seq, media, by, at } = call;
  const entry = {
    seq,
    media,
    by,
    at,
    state: 'ongoing',
    joined: users.includes(user),
    people: users.length,
    users,
  } as const;
  return { ...next, entries: sorted([...log.entries, entry]) };
}

/** After one more event of the conversation; the same where it is known already or changes nothing. */
export function withCallEvent(log: CallLog, event: LiveEvent, user: string): CallLog {
  const { type, seq } = event;
  if (type === 'conversation.erased') return { ...noCalls, revision: seq };
  if (seq <= log.revision) return log;
  const { ongoing: before } = log;
  const now = foldCall(before, event as never);
  const next = now === before ? log : { ...log, ongoing: now, revision: seq };
  if (type === 'call.started' && before === undefined && now !== undefined) {
    const { media, by, at } = now;
    const entry = {
      seq,
      media,
      by,
      at,
      state: 'ongoing',
      joined: by === user,
      people: 1,
      users: [by],
    } as const;
    return { ...next, entries: [...log.entries, entry] };
  }
  if (before === undefined || now === before)
    return type === 'member.erased' ? withoutPerson(next, event) : next;
  const changed = changedEntry(next, before.call, (entry) => {
    const known = type === 'call.joined' ? withPerson(entry, event.actor, user) : entry;
    return now === undefined ? { ...known, state: stateOf(known, true), endedAt: event.at } : known;
  });
  return type === 'member.erased' ? withoutPerson(changed, event) : changed;
}

const changedEntry = (log: CallLog, seq: number, change: (entry: CallEntry) => CallEntry): CallLog => ({
  ...log,
  entries: log.entries.map((entry) => (entry.seq === seq ? change(entry) : entry)),
});

/** Of more people than are named, it is not known whether somebody comes back. */
function withPerson(entry: CallEntry, person: string, user: string): CallEntry {
  const joined = entry.joined || person === user;
  if (entry.users.includes(person) || entry.people > entry.users.length) return { ...entry, joined };
  return { ...entry, joined, people: entry.people + 1, users: [...entry.users, person] };
}

function withoutPerson(log: CallLog, { data }: LiveEvent): CallLog {
  const without = (entry: CallEntry): CallEntry =>
    entry.users.includes(data.user as string)
      ? { ...entry, people: entry.people - 1, users: entry.users.filter((each) => each !== data.user) }
      : entry;
  return { ...log, entries: log.entries.map(without) };
}

function entryOf(
  { call, media, by, at, endedAt, joined, people, participants }: CallView,
  user: string,
): CallEntry {
  const users = [...new Set(participants.map((each) => each.user))];
  const entry = { seq: call, media, by, at, joined: joined || by === user, people, users };
  const state = stateOf(entry, endedAt !== undefined);
  return endedAt === undefined ? { ...entry, state } : { ...entry, state, endedAt };
}

const stateOf = ({ joined }: Pick<CallEntry, 'joined'>, isOver: boolean): CallEntry['state'] =>
  !isOver ? 'ongoing' : joined ? 'ended' : 'missed';

const sorted = (entries: Iterable<CallEntry>): readonly CallEntry[] =>
  [...entries].sort((a, b) => a.seq - b.seq);

function withRange(covered: readonly Range[], range: Range): readonly Range[] {
  const apart = covered.filter(({ from, to }) => to < range.from - 1 || from > range.to + 1);
  const touching = covered.filter((each) => !apart.includes(each));
  const from = Math.min(range.from, ...touching.map((each) => each.from));
  const to = Math.max(range.to, ...touching.map((each) => each.to));
  return [...apart, { from, to }].sort((a, b) => a.from - b.from);
}
