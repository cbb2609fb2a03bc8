import fc from 'fast-check';
import { closeTitle } from '../conversation/body.js';
import type { Command, CommandOf, CommandType } from '../conversation/commands.js';
import type { ConversationEvent, EventOf, EventType } from '../conversation/events.js';
import { directConversationId, SYSTEM } from '../ids.js';
import { type Envelope, envelop } from '../log/envelope.js';
import { command, GARDEN, hashOf, NOON } from './commands.js';

/** A few people, so that generated commands meet; `constructor` and `__proto__` are user ids like any other. */
export const PEOPLE = ['ann', 'bob', 'cem', 'dan', 'constructor', '__proto__'] as const;

/** Ann makes most conversations and does most in them, so that what is allowed happens too. */
export const person = fc.oneof(
  { weight: 2, arbitrary: fc.constant('ann') },
  { weight: 3, arbitrary: fc.constantFrom<string>(...PEOPLE) },
);
/** Objects as JSON.parse makes them. */
const record = <T extends object>(
  model: { [K in keyof T]: fc.Arbitrary<T[K]> },
  optional: { requiredKeys?: (keyof T)[] } = {},
) => fc.record<T>(model, { ...optional, noNullPrototype: true } as never);

const people = fc.array(person, { minLength: 1, maxLength: 4 });
const role = fc.constantFrom('owner', 'admin', 'member');
const seq = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 2, max: 12 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
);
/** One of a few, so that what is pinned is unpinned too. */
const early = fc.integer({ min: 2, max: 6 });
const media = fc.constantFrom('voice', 'video');
/** Mostly the call that begins as the second event, so that calls are really joined, left and moderated. */
const call = fc.oneof({ weight: 6, arbitrary: fc.constant(2) }, { weight: 1, arbitrary: early });
const device = fc.constantFrom('phone', 'laptop');
const source = fc.constantFrom('mix', 'screen', null);
const why = fc.constantFrom('left', 'removed', 'lost');
const range = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 30 }));
const ttl = fc.constantFrom(null, 5, 3_600);
/** Most of them far ahead of every command, some in the middle of what happens. */
const ending = fc.constantFrom(NOON + 30 * 86_400_000, NOON + 40_000_000);
const title = fc.constantFrom('Roses', 'Ferns', 'Über 🌹');
const opaqueTitle = title.map(closeTitle);
const emoji = fc.constantFrom('🌹', '+1');

/** Well-formed text of all of Unicode, without NUL. */
export const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter((value) => value.isWellFormed() && !value.includes('\0'));

export const body = fc.oneof(
  words.map((value) => ({ kind: 'text', text: value }) as const),
  words.map((value) => ({ kind: 'text', text: value, emote: true }) as const),
  fc
    .base64String({ minLength: 4, maxLength: 40 })
    .map((ciphertext) => ({ kind: 'sealed', ciphertext, nonce: 'bm9uY2U=', tag: 'dGFn' }) as const),
);

type Free<T extends CommandType> = Omit<
  CommandOf<T>['data'],
  'conversationId' | 'commandId' | 'as' | 'sentAt' | 'producer'
>;

const dataOf: { [T in CommandType]: fc.Arbitrary<Free<T>> } = {
  'conversation.create': record(
    {
      kind: fc.constantFrom('group', 'group', 'channel', 'direct'),
      members: fc.array(person, { maxLength: 4 }),
      title,
      ttl,
      expiresAt: ending,
    },
    { requiredKeys: ['kind', 'members'] },
  ),
  'conversation.rename': record({ title }),
  'conversation.setTtl': record({ ttl }),
  'conversation.setExpiry': record({ expiresAt: fc.oneof(ending, fc.constant(null)) }),
  'conversation.close': record({}),
  'conversation.hold': record({ reason: fc.constantFrom('case 7', 'case 8') }),
  'conversation.release': record({}),
  'conversation.erase': record({}),
  'member.add': record({ users: people, role }, { requiredKeys: ['users'] }),
  'member.remove': record({ users: people }),
  'member.leave': record({}),
  'member.setRole': record({ user: person, role }),
  'member.ban': record({ user: person }),
  'member.unban': record({ user: person }),
  'member.erase': record({ user: person }),
  'message.send': record({ body, replyTo: seq, ttl: fc.constantFrom(5, 60) }, { requiredKeys: ['body'] }),
  'message.edit': record({ seq, body }),
  'message.delete': record({ seq }),
  'message.react': record({ seq, emoji, remove: fc.boolean() }, { requiredKeys: ['seq', 'emoji'] }),
  'message.pin': record({ seq: early }),
  'message.unpin': record({ seq: early }),
  'message.erase': record({ seq, remains: fc.constant([]) }),
  'message.expire': record({ ranges: fc.array(range, { minLength: 1, maxLength: 3 }) }),
  'call.start': record({ media }),
  'call.join': record({ call }),
  'call.leave': record({ call, participant: seq }),
  'call.mute': record({ call, user: person, muted: fc.boolean() }),
  'call.broadcast': record({ call, source }),
  'call.end': record({ call }),
};

/** Commands come as often as in life: mostly messages and membership; what ends a history is rare. */
const weights: Partial<Record<CommandType, number>> = {
  'message.send': 8,
  'member.add': 4,
  'member.setRole': 3,
  'call.join': 2,
};
const RARE = new Set<CommandType>(['conversation.close', 'conversation.erase', 'member.erase', 'call.end']);
const types = (Object.keys(dataOf) as CommandType[]).flatMap((type) =>
  Array.from({ length: RARE.has(type) ? 1 : 2 * (weights[type] ?? 1) }, () => type),
);

const producer = record({
  id: fc.constantFrom('file-a', 'file-b'),
  position: fc.integer({ min: 1, max: 20 }),
});

/** A value in one case of ten. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const actor = fc.oneof({ weight: 12, arbitrary: person }, { weight: 1, arbitrary: fc.constant(SYSTEM) });

const SYSTEMS = new Set<CommandType>(['message.expire', 'message.erase', 'member.erase']);
const OPERATORS = new Set<CommandType>(['conversation.hold', 'conversation.release', 'conversation.erase']);

function commandOf(type: CommandType, conversationId: string): fc.Arbitrary<Command> {
  return record({
    actor: SYSTEMS.has(type) ? fc.constantFrom(SYSTEM, 'ann') : actor,
    asOperator: fc.boolean(),
    free: dataOf[type] as fc.Arbitrary<object>,
    // Some take an id that another one may have, and some have a place in a source.
    shared: rarely(fc.constantFrom('id-1', 'id-2', 'id-3')),
    producer: rarely(producer),
    at: fc.integer({ min: 0, max: 86_400_000 }).map((ms) => NOON + ms),
    device,
    p2pMax: fc.integer({ min: 0, max: 4 }),
  }).map(({ actor, asOperator, free, shared, producer: place, at, device, p2pMax }) => ({
    ...command(
      type,
      actor,
      {
        ...free,
        conversationId,
        ...(shared === null ? {} : { commandId: shared }),
        ...(place === null ? {} : { producer: place }),
      } as never,
      at,
    ),
    device,
    p2pMax,
    ...(asOperator && OPERATORS.has(type) ? { asOperator } : {}),
  })) as fc.Arbitrary<Command>;
}

const commandIn = (conversationId: string) =>
  fc.constantFrom(...types).chain((type) => commandOf(type, conversationId));

const creating = (kind: 'group' | 'channel' | 'direct', conversationId: string, members: readonly string[]) =>
  command('conversation.create', 'ann', { conversationId, kind, members }) as Command;

/** A call from the beginning, or none. */
const calling = (conversationId: string) =>
  fc.array(commandOf('call.start', conversationId), { maxLength: 1 });

/** What people try in one conversation, allowed or not; nearly always it is created first. */
export const commands: fc.Arbitrary<readonly Command[]> = fc
  .constantFrom('group', 'group', 'group', 'channel', 'channel', 'direct', 'none')
  .chain((start) => {
    const id = start === 'direct' ? directConversationId('ann', 'bob') : GARDEN;
    const first =
      start === 'none' ? [] : [creating(start, id, start === 'direct' ? ['bob'] : ['bob', 'cem'])];
    return fc
      .tuple(calling(id), fc.array(commandIn(id), { maxLength: 70, size: 'max' }))
      .map(([call, rest]) => [...first, ...call, ...rest]);
  });

const entry = record({ user: person, role }).map((member) => ({ ...member, banHash: hashOf(member.user) }));
const hash = person.map(hashOf);
const opaque = fc.constantFrom('p0.{"kind":"text","text":"hi"}', 's1.c2VhbGVk');
const ordinal = fc.integer({ min: 1, max: 40 });

/** What is left of a message that was taken out of the log. */
const remains = record({
  streamSeq: seq,
  seq,
  event: fc.oneof(
    ordinal.map((each) => ({ type: 'message.sent', data: { ordinal: each, body: 'e0.' } })),
    seq.map((each) => ({ type: 'message.edited', data: { seq: each, body: 'e0.' } })),
  ),
  version: fc.constant(1),
  at: fc.constant(NOON),
  actor: person,
  commandId: fc.constantFrom('id-1', 'id-2'),
}).map(({ event, ...place }) => ({ ...place, ...event }));

const eventDataOf: { [T in EventType]: fc.Arbitrary<EventOf<T>['data']> } = {
  'conversation.created': record(
    {
      kind: fc.constantFrom('direct', 'group', 'channel'),
      members: fc.array(entry, { maxLength: 5 }),
      ttl,
      title: opaqueTitle,
      expiresAt: ending,
    },
    { requiredKeys: ['kind', 'members', 'ttl'] },
  ),
  'conversation.renamed': record({ title: opaqueTitle }),
  'conversation.ttlSet': record({ ttl }),
  'conversation.expirySet': record({ expiresAt: fc.oneof(ending, fc.constant(null)) }),
  'conversation.closed': record({}),
  'conversation.held': record({ reason: fc.constantFrom('case 7', 'case 8') }),
  'conversation.released': record({}),
  'conversation.erased': record({}),
  'member.added': record({ members: fc.array(entry, { maxLength: 5 }) }),
  'member.removed': record({ users: people }),
  'member.left': record({}),
  'member.roleSet': record({ user: person, role }),
  'member.banned': record({ banHash: hash }),
  'member.unbanned': record({ banHash: hash }),
  'member.erased': record({ user: person, successor: person }, { requiredKeys: ['user'] }),
  'message.sent': record(
    { ordinal, body: opaque, sentAt: fc.constant(NOON), replyTo: seq, expiresAt: fc.constant(NOON) },
    { requiredKeys: ['ordinal', 'body'] },
  ),
  'message.edited': record(
    { seq, body: opaque, expiresAt: fc.constant(NOON) },
    { requiredKeys: ['seq', 'body'] },
  ),
  'message.deleted': record({ seq }),
  'message.reacted': record(
    { seq, emoji, removed: fc.boolean(), expiresAt: fc.constant(NOON) },
    { requiredKeys: ['seq', 'emoji', 'removed'] },
  ),
  'message.pinned': record(
    { seq, author: person, expiresAt: fc.constant(NOON) },
    { requiredKeys: ['seq', 'author'] },
  ),
  'message.unpinned': record({ seq }),
  'message.erased': record({ seq, remains: fc.array(remains, { maxLength: 2 }) }),
  'message.expired': record({ ranges: fc.array(range, { maxLength: 3 }) }),
  'call.started': record({ media, device, p2pMax: fc.integer({ min: 0, max: 8 }) }),
  'call.joined': record({ call: early, device }),
  'call.left': record({ call: early, participant: early, user: person, why }),
  'call.muted': record({ call: early, user: person, muted: fc.boolean() }),
  'call.broadcastSet': record({ call: early, source }),
  'call.ended': record({ call: early }),
};

/** Any event there is, whether it makes sense where it stands or not, at a seq yet to be given. */
export const anyEvent: fc.Arbitrary<(seq: number) => Envelope> = fc
  .constantFrom(...(Object.keys(eventDataOf) as EventType[]))
  .chain((type) =>
    record({
      data: eventDataOf[type] as fc.Arbitrary<never>,
      actor: fc.oneof(person, fc.constant(SYSTEM)),
      commandId: fc.constantFrom('id-1', 'id-2', 'id-3', 'id-4'),
      producer: rarely(producer),
    }).map(
      ({ data, actor, commandId, producer: place }) =>
        (at: number) =>
          envelop({ type, data } as ConversationEvent, {
            conversationId: GARDEN,
            seq: at,
            at: NOON + at,
            actor,
            commandId,
            ...(place === null ? {} : { producer: place }),
          }),
    ),
  );

/** Any text a string can hold, lone surrogates and NUL among it. */
export const anyText = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });

/** Well-formed text, of all of Unicode. */
export const wellFormed = fc.string({
  unit: fc
    .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
    .map((point) => String.fromCodePoint(point)),
});
