import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { Broadcast, type Call, CallMedia, deviceKey, MAX_P2P, Topology } from '../call/call.js';
import { Actor, CommandId, DeviceId, Instant, Seq, UserId } from '../ids.js';
import { shape, variants } from '../shape.js';
import { boundedInteger } from '../text.js';
import { OpaqueBody } from './body.js';
import { type EventType, eventCodecs } from './events.js';
import { LayeredMap } from './layered-map.js';
import { deedsOf, recentOf } from './recent.js';
import { type Conversation, type Deed, type Member, stands } from './state.js';
import { BanHash, Ending, HoldReason, Kind, Pin, ProducerId, Role, Ttl } from './vocabulary.js';

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * Format of a snapshot. Raise it with every change to the state, to what `evolve` makes of an event, or to this file:
 * an older snapshot is then discarded and the conversation is folded from its events again.
 */
export const SNAPSHOT_VERSION = 4;

/**
 * A conversation's folded state as JSON. Maps and sets become arrays in their own order, because the order of the
 * producers says which is forgotten first. What can be counted again, the owners, is left out.
 */
export function toSnapshot(state: Conversation): JsonValue {
  const deeds = deedsOf(state.recent);
  const common = {
    version: SNAPSHOT_VERSION,
    tag: state.tag,
    revision: state.revision,
    deeds: deeds.map(deedRow),
    gone: deeds.filter((deed) => deed.gone).map((deed) => deed.seq),
    expiring: deeds.flatMap(({ seq, expiresAt }) => (expiresAt === undefined ? [] : [[seq, expiresAt]])),
    producers: [...state.producers],
    isIncoming: state.isIncoming,
  };
  if (!stands(state)) return common;
  return {
    ...common,
    kind: state.kind,
    title: state.title ?? null,
    ttl: state.ttl,
    expiresAt: state.expiresAt,
    hold: state.hold ?? null,
    pins: state.pins,
    members: [...state.members].map(([user, { role, since, banHash }]) => [user, role, since, banHash]),
    bans: [...state.bans],
    messages: state.messages,
    call: state.call === undefined ? null : callRow(state.call),
  };
}

/** The state a snapshot holds, or undefined where it is of another version or damaged: then the events are folded. */
export function fromSnapshot(json: unknown): Conversation | undefined {
  const decoded = Snapshot.decode(json);
  if (E.isLeft(decoded)) return undefined;
  const snapshot = decoded.right;
  const gone = new Set(snapshot.gone);
  const expiring = new Map(snapshot.expiring);
  const common = {
    revision: snapshot.revision,
    recent: recentOf(snapshot.deeds.map((row) => deedOf(row, gone, expiring))),
    producers: LayeredMap.of(snapshot.producers),
    isIncoming: snapshot.isIncoming,
  };
  if (snapshot.tag === 'absent' || snapshot.tag === 'erased') return { tag: snapshot.tag, ...common };
  const members = LayeredMap.of(snapshot.members.map(([user, ...row]) => [user, memberOf(row)] as const));
  return {
    tag: snapshot.tag,
    ...common,
    kind: snapshot.kind,
    title: snapshot.title ?? undefined,
    ttl: snapshot.ttl,
    expiresAt: snapshot.expiresAt,
    hold: snapshot.hold ?? undefined,
    pins: snapshot.pins,
    members,
    owners: [...members.values()].filter(({ role }) => role === 'owner').length,
    bans: new Set(snapshot.bans),
    messages: snapshot.messages,
    call: snapshot.call === null ? undefined : callOf(snapshot.call),
  };
}

const Count = boundedInteger('count', 0, Number.MAX_SAFE_INTEGER);
const EventName = t.keyof(eventCodecs as Record<EventType, unknown>, 'event');
const DeedRow = t.tuple([Actor, CommandId, EventName, Seq, Instant]);
type DeedRow = t.TypeOf<typeof DeedRow>;
const MemberRow = t.tuple([UserId, Role, Seq, BanHash]);
const ProducerRow = t.tuple([ProducerId, Seq]);
const CallRow = shape({
  call: Seq,
  media: CallMedia,
  by: Actor,
  at: Instant,
  p2pMax: boundedInteger('p2pMax', 0, MAX_P2P),
  topology: Topology,
  participants: t.readonlyArray(t.tuple([Seq, Actor, DeviceId, Instant])),
  muted: t.readonlyArray(UserId),
  broadcast: Broadcast,
});
type CallRow = t.TypeOf<typeof CallRow>;

const common = {
  version: t.literal(SNAPSHOT_VERSION),
  revision: Count,
  deeds: t.readonlyArray(DeedRow),
  gone: t.readonlyArray(Seq),
  expiring: t.readonlyArray(t.tuple([Seq, Instant])),
  producers: t.readonlyArray(ProducerRow),
  isIncoming: t.boolean,
};
const present = {
  ...common,
  kind: Kind,
  title: t.union([OpaqueBody, t.null]),
  ttl: Ttl,
  expiresAt: Ending,
  hold: t.union([shape({ reason: HoldReason, since: Instant, by: Actor }), t.null]),
  pins: t.readonlyArray(Pin),
  members: t.readonlyArray(MemberRow),
  bans: t.readonlyArray(BanHash),
  messages: Count,
  call: t.union([CallRow, t.null]),
};

const Snapshot = variants(
  'tag',
  {
    absent: shape({ tag: t.literal('absent'), ...common }),
    erased: shape({ tag: t.literal('erased'), ...common }),
    open: shape({ tag: t.literal('open'), ...present }),
    closed: shape({ tag: t.literal('closed'), ...present }),
  },
  'a snapshot',
);

const deedRow = ({ actor, commandId, type, seq, at }: Deed): DeedRow => [actor, commandId, type, seq, at];

function deedOf(
  [actor, commandId, type, seq, at]: DeedRow,
  gone: ReadonlySet<number>,
  expiring: ReadonlyMap<number, number>,
): Deed {
  const expiresAt = expiring.get(seq);
  return {
    actor,
    commandId,
    type,
    seq,
    at,
    ...(gone.has(seq) ? { gone: true } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

const memberOf = ([role, since, banHash]: [Role, number, BanHash]): Member => ({ role, since, banHash });

const callRow = ({ participants, muted, ...call }: Call): CallRow => ({
  ...call,
  participants: [...participants.values()].map(({ participant, user, device, at }) => [
    participant,
    user,
    device,
    at,
  ]),
  muted: [...muted],
});

const callOf = ({ participants, muted, ...call }: CallRow): Call => ({
  ...call,
  participants: LayeredMap.of(
    participants.map(([participant, user, device, at]) => [
      deviceKey(user, device),
      { participant, user, device, at },
    ]),
  ),
  muted: new Set(muted),
});
