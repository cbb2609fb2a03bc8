import fc from 'fast-check';
import { expect, it } from 'vitest';
import { emptyRoom, type RoomEffect, type RoomInput, type RoomState } from './room-state.js';
import { stepRoom } from './step-room.js';

const limits = { consumers: 4, unconnectedMs: 30_000 };
const SOURCES = ['mic', 'camera', 'screen'] as const;

/** The fence under which everybody attaches; what is brought is of one before it, of it, or of one after it. */
const PLACED = 1;

/** What is done to a room; ids are taken from what is there by `pick`. */
type Move =
  | {
      readonly do: 'attach' | 'leave' | 'receive' | 'mute' | 'listen' | 'audioOnly';
      readonly who: number;
      readonly on: boolean;
    }
  | { readonly do: 'open'; readonly who: number; readonly direction: 'send' | 'recv' }
  | { readonly do: 'produce'; readonly who: number; readonly source: (typeof SOURCES)[number] }
  | { readonly do: 'bring'; readonly who: number; readonly fence: number; readonly at: number }
  | { readonly do: 'made' | 'failed' | 'show' | 'hide' | 'end' | 'closeTransport'; readonly pick: number };

const who = fc.integer({ min: 1, max: 4 });
const on = fc.boolean();
const pick = fc.nat(50);
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ do: fc.constantFrom('attach', 'leave', 'receive', 'mute', 'listen', 'audioOnly'), who, on }),
  fc.record({ do: fc.constant('open' as const), who, direction: fc.constantFrom('send', 'recv') }),
  fc.record({ do: fc.constant('produce' as const), who, source: fc.constantFrom(...SOURCES) }),
  fc.record({ do: fc.constant('bring' as const), who, fence: fc.nat(2 * PLACED), at: fc.nat(100) }),
  fc.record({ do: fc.constantFrom('made', 'failed', 'show', 'hide', 'end', 'closeTransport'), pick }),
);

/** mediasoup as far as it matters: what is open, and what goes when something closes. */
function openWorld() {
  const state = emptyRoom();
  const transports = new Map<string, number>();
  const producers = new Map<string, string>();
  const consumers = new Map<
    string,
    { readonly transport: string; readonly producer: string; sent: boolean }
  >();
  const asked: Extract<RoomEffect, { readonly tag: 'consume' }>[] = [];
  const silent = new Set<string>();
  let next = 0;
  let revision = 1_000;
  const gone = new Set<number>();
  const muted = new Set<string>();
  const listening = new Set<string>();

  function closeTransport(id: string): void {
    transports.delete(id);
    for (const [producer, over] of producers) if (over === id) closeProducer(producer);
    for (const [consumer, { transport }] of consumers) if (transport === id) consumers.delete(consumer);
  }
  function closeProducer(id: string): void {
    producers.delete(id);
    for (const [consumer, { producer }] of consumers) if (producer === id) consumers.delete(consumer);
  }
  function perform(effect: RoomEffect): void {
    if (effect.tag === 'closeTransport') closeTransport(effect.transport);
    if (effect.tag === 'closeProducer') closeProducer(effect.producer);
    if (effect.tag === 'closeConsumer') consumers.delete(effect.consumer);
    if (effect.tag === 'consume') asked.push(effect);
    if (effect.tag === 'pauseConsumer') {
      const consumer = consumers.get(effect.consumer);
      if (consumer) consumer.sent = !effect.paused;
    }
    if (effect.tag === 'pauseProducer')
      effect.paused ? silent.add(effect.producer) : silent.delete(effect.producer);
  }
  const step = (input: RoomInput): void => stepRoom({ state, now: next, limits }, input).forEach(perform);
  const nth = <A>(of: Iterable<A>, n: number): A | undefined => {
    const all = [...of];
    return all[n % Math.max(1, all.length)];
  };
  const rosterNow = () => {
    const participants = new Set([1, 2, 3, 4].filter((each) => !gone.has(each)));
    step({
      tag: 'roster',
      revision: revision++,
      participants,
      muted: new Set(muted),
      speakers: new Set(['u1', 'u2', 'u3', 'u4'].filter((user) => !listening.has(user))),
    });
  };

  function act(move: Move): void {
    const id = `${++next}`;
    switch (move.do) {
      case 'attach':
        if (gone.has(move.who)) return;
        return step({
          tag: 'attach',
          participant: move.who,
          user: `u${move.who}`,
          device: 'web',
          speaks: true,
          entered: { fence: PLACED, at: next },
        });
      case 'leave':
        move.on ? gone.add(move.who) : gone.delete(move.who);
        return rosterNow();
      case 'mute':
        move.on ? muted.add(`u${move.who}`) : muted.delete(`u${move.who}`);
        return rosterNow();
      case 'listen':
        move.on ? listening.add(`u${move.who}`) : listening.delete(`u${move.who}`);
        return rosterNow();
      case 'open':
        if (!state.members.has(move.who)) return;
        transports.set(id, move.who);
        return step({ tag: 'opened', participant: move.who, transport: id, direction: move.direction });
      case 'receive': {
        const own = [...(state.members.get(move.who)?.transports ?? [])].filter(
          ([, { direction }]) => direction === 'recv',
        );
        const transport = own.at(move.on ? -1 : 0)?.[0];
        return transport === undefined
          ? undefined
          : step({ tag: 'receive', participant: move.who, transport });
      }
      case 'produce': {
        const transport = [...transports].find(([, participant]) => participant === move.who)?.[0];
        if (transport === undefined) return;
        producers.set(id, transport);
        const kind = move.source === 'mic' ? 'audio' : 'video';
        return step({
          tag: 'produced',
          participant: move.who,
          user: `u${move.who}`,
          transport,
          producer: id,
          source: move.source,
          kind,
          layering: undefined,
          paused: false,
        });
      }
      case 'bring': {
        const { who: participant, fence, at } = move;
        const own = state.members.get(participant)?.tracks.get('mic');
        producers.set(id, 'elsewhere');
        step({
          tag: 'brought',
          participant,
          user: `u${participant}`,
          entered: { fence, at },
          producer: id,
          source: 'mic',
          kind: 'audio',
          layering: undefined,
          paused: false,
        });
        if (own !== undefined && fence < PLACED) expect(producers.has(own)).toBe(true);
        return;
      }
      case 'audioOnly':
        return step({ tag: 'audioOnly', participant: move.who, on: move.on });
      case 'made':
      case 'failed': {
        const [effect] = asked.splice(move.pick % Math.max(1, asked.length), 1);
        if (effect === undefined) return;
        const { participant, transport, producer } = effect;
        const isThere = transports.has(transport) && producers.has(producer);
        if (move.do === 'failed' || !isThere)
          return step({ tag: 'unmade', participant, transport, producer });
        consumers.set(id, { transport, producer, sent: !effect.paused });
        return step({ tag: 'made', participant, transport, producer, consumer: id, view: undefined });
      }
      case 'show':
      case 'hide': {
        const consumer = nth(state.consumers.keys(), move.pick);
        return consumer === undefined
          ? undefined
          : step({ tag: 'setConsumer', consumer, paused: move.do === 'hide' });
      }
      case 'end': {
        const producer = nth(producers.keys(), move.pick);
        return producer === undefined ? undefined : step({ tag: 'producerClosed', producer });
      }
      case 'closeTransport': {
        const found = nth(transports, move.pick);
        if (found === undefined) return;
        closeTransport(found[0]);
        return step({ tag: 'transportClosed', participant: found[1], transport: found[0] });
      }
      default:
        return move satisfies never;
    }
  }
  return { state, transports, producers, consumers, silent, gone, muted, listening, act };
}

type World = ReturnType<typeof openWorld>;

/** What the machine knows is what is open; nobody receives what they should not. */
function check({ state, transports, producers, consumers, silent, gone, muted, listening }: World): void {
  expect([...state.tracks.keys()].sort()).toEqual([...producers.keys()].sort());
  expect([...state.consumers.keys()].sort()).toEqual([...consumers.keys()].sort());
  expect(transportsOf(state)).toEqual([...transports.keys()].sort());
  const wants = new Map<string, number>();
  for (const [id, { producer, transport, sent }] of consumers) {
    const { participant } = state.consumers.get(id) as { participant: number };
    const member = state.members.get(participant);
    const track = state.tracks.get(producer);
    expect(member?.receiving).toBe(transport);
    expect(track?.participant).not.toBe(participant);
    expect(member?.receptions.get(producer)?.consumer).toBe(id);
    if (member?.audioOnly && track?.kind === 'video') expect(sent).toBe(false);
    if (sent) wants.set(producer, (wants.get(producer) ?? 0) + 1);
  }
  for (const { producer, user, kind, wants: known } of state.tracks.values()) {
    expect(known).toBe(wants.get(producer) ?? 0);
    const isSilent = listening.has(user) || (kind === 'audio' && muted.has(user));
    expect(silent.has(producer)).toBe(isSilent);
  }
  const sent = [...state.tracks.values()].map(({ participant, source }) => `${participant} ${source}`);
  expect(sent).toEqual([...new Set(sent)]);
  for (const { participant } of state.tracks.values()) expect(gone.has(participant)).toBe(false);
  for (const { participant, receptions, tracks } of state.members.values()) {
    expect(gone.has(participant)).toBe(false);
    expect(receptions.size).toBeLessThanOrEqual(limits.consumers);
    for (const producer of tracks.values()) expect(state.tracks.get(producer)?.participant).toBe(participant);
  }
}

const transportsOf = ({ members }: RoomState): readonly string[] =>
  [...members.values()].flatMap(({ transports }) => [...transports.keys()]).sort();

/** Where most that can go wrong is a few moves away. */
const everybodyHere: readonly Move[] = [1, 2, 3, 4].flatMap((who): Move[] => [
  { do: 'attach', who, on: true },
  { do: 'open', who, direction: 'send' },
  { do: 'open', who, direction: 'recv' },
  { do: 'receive', who, on: true },
  { do: 'produce', who, source: 'mic' },
]);

it('knows what is open and forwards it to whom it should, whatever comes in whatever order', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 80, size: 'max' }), (moves) => {
      const world = openWorld();
      for (const each of [...everybodyHere, ...moves]) {
        world.act(each);
        check(world);
      }
    }),
    { numRuns: 100 },
  );
});
