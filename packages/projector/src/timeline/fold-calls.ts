import { type Call, deviceKey, type WhyLeft } from '@parley/domain/call/call';
import { foldCall, withoutPeople } from '@parley/domain/call/fold-call';
import type { Envelope } from '@parley/domain/log/envelope';
import type { ConversationChanges } from './changes.js';

/**
 * An event that may change a call: what happens in calls, and who is a member no more. Of a ban, `users` are those of the batch who are members
 * under its hash, and `mayBe` says of a member of before whether they still are one.
 */
export type CallEvent = {
  readonly event: Envelope;
  readonly users: readonly string[];
  readonly mayBe: (user: string) => boolean;
};

/** A call as its row has it; times in ms. */
export type CallRow = Pick<Call, 'call' | 'media' | 'by' | 'at'> & { endedAt: number | null };

/** When a stay was over, and why; null where the call ended, or a newer stay of the device began. */
export type Departed = { leftAt: number | null; why: WhyLeft | null };

export type StayRow = {
  readonly participant: number;
  readonly call: number;
  readonly user: string;
  readonly device: string;
  readonly joinedAt: number;
} & Departed;

/** What a step changes in the calls of one conversation: what begins in it as it stands at its end, and what ends of before. */
export type CallChanges = {
  /** By seq of the call. */
  readonly begun: Map<number, CallRow>;
  readonly ended: Map<number, number>;
  /** By participant. */
  readonly entered: Map<number, StayRow>;
  readonly departed: Map<number, Departed>;
};

/** Keeps what may change a call: it is folded when it is written, because that begins from the rows. To be asked before the event is applied. */
export function keepForCalls({ calls, members, banned }: ConversationChanges, event: Envelope): void {
  if (event.type !== 'member.banned') return void calls.push({ event, users: [], mayBe: () => false });
  const { banHash } = event.data;
  const users = [...members].flatMap(([user, member]) =>
    member.tag === 'present' && member.banHash === banHash ? [user] : [],
  );
  const moved = new Set([...members].flatMap(([user, { tag }]) => (tag === 'role' ? [] : [user])));
  const wasBanned = banned.has(banHash);
  calls.push({ event, users, mayBe: (user) => !wasBanned && !moved.has(user) });
}

/**
 * Folds what may change calls into what changes in their rows, by the fold that everybody has.
 *
 * @param before the call that goes on as the rows have it; it has no participants where the last one was erased just now.
 * @param membersOf who were members under a hash before the step.
 */
export function foldCalls(
  events: readonly CallEvent[],
  before: Call | undefined,
  membersOf: (banHash: string) => readonly string[],
): CallChanges {
  const changes: CallChanges = {
    begun: new Map(),
    ended: new Map(),
    entered: new Map(),
    departed: new Map(),
  };
  let call = before;
  if (call?.participants.size === 0) {
    end(changes, call, events[0]?.event.at as number);
    call = undefined;
  }
  for (const one of events) {
    const { event } = one;
    const after = callAfter(call, one, membersOf);
    move(changes, call, after, event, whyLeft(event));
    // A call that another log tells of does not go on here.
    const isWhole = event.importedTo === event.seq;
    if (isWhole) move(changes, after, undefined, event, null);
    call = isWhole ? undefined : after;
  }
  return changes;
}

function callAfter(
  call: Call | undefined,
  { event, users, mayBe }: CallEvent,
  membersOf: (banHash: string) => readonly string[],
): Call | undefined {
  if (event.type !== 'member.banned') return foldCall(call, event);
  return call && withoutPeople(call, [...users, ...membersOf(event.data.banHash).filter(mayBe)]);
}

/** What is different after an event. */
function move(
  changes: CallChanges,
  before: Call | undefined,
  after: Call | undefined,
  event: Envelope,
  why: WhyLeft | null,
): void {
  if (before === after) return;
  for (const [key, { participant }] of before?.participants ?? []) {
    if (after?.participants.get(key)?.participant === participant) continue;
    const over = { leftAt: event.at, why };
    const entered = changes.entered.get(participant);
    if (entered === undefined) changes.departed.set(participant, over);
    else Object.assign(entered, over);
  }
  if (before !== undefined && after === undefined) end(changes, before, event.at);
  if (after !== undefined && before === undefined) {
    const { call, media, by, at } = after;
    changes.begun.set(call, { call, media, by, at, endedAt: null });
  }
  if (after !== undefined && (event.type === 'call.started' || event.type === 'call.joined')) {
    const { call } = after;
    const { seq: participant, actor: user, at: joinedAt } = event;
    const { device } = event.data;
    if (after.participants.get(deviceKey(user, device))?.participant === participant)
      changes.entered.set(participant, {
        participant,
        call,
        user,
        device,
        joinedAt,
        leftAt: null,
        why: null,
      });
  }
}

function end({ begun, ended }: CallChanges, { call }: Call, at: number): void {
  const own = begun.get(call);
  if (own === undefined) ended.set(call, at);
  else own.endedAt = at;
}

function whyLeft(event: Envelope): WhyLeft | null {
  switch (event.type) {
    case 'call.left':
      return event.data.why;
    case 'member.left':
      return 'left';
    case 'member.removed':
    case 'member.banned':
      return 'removed';
    default:
      return null;
  }
}
