import type { Call, Topology } from '@parley/domain/call/call';
import { deviceKey } from '@parley/domain/call/call';
import { LayeredMap } from '@parley/domain/conversation/layered-map';
import type { ParticipantState, TrackSource } from '@parley/domain/wire/voice';
import { describe, expect, it } from 'vitest';
import type { CallTile } from './call-types.js';
import type { Received } from './media-path.js';
import { makeTiles, type TileParts } from './tiles.js';

const ANN = 5;
const BOB = 7;
const ON: ParticipantState = { mic: true, camera: true, screen: false, deafened: false };

const callOf = (topology: Topology, ...muted: readonly string[]): Call => ({
  call: ANN,
  media: 'video',
  by: 'ann',
  at: 1,
  p2pMax: 2,
  topology,
  participants: LayeredMap.of(
    [
      { participant: BOB, user: 'bob', device: 'd', at: 2 },
      { participant: ANN, user: 'ann', device: 'd', at: 1 },
    ].map((each) => [deviceKey(each.user, each.device), each]),
  ),
  muted: new Set(muted),
  broadcast: null,
});

/** A track of bob's, as a node forwards it. */
const track = (source: TrackSource, facts: Partial<Received> = {}): Received => ({
  participant: BOB,
  source,
  receiver: {} as RTCRtpReceiver,
  track: { id: source } as MediaStreamTrack,
  isOff: false,
  isPaused: false,
  ...facts,
});

const parts = (facts: Partial<TileParts> = {}): TileParts => ({
  call: callOf('sfu'),
  me: ANN,
  own: ON,
  media: { track: () => null },
  states: new Map(),
  speaks: () => false,
  hearing: undefined,
  received: [],
  ...facts,
});

const bobIn = (facts: Partial<TileParts>): CallTile => makeTiles([], parts(facts))[1] as CallTile;

describe('tiles', () => {
  it('are in the order in which people came', () => {
    expect(makeTiles([], parts()).map(({ user }) => user)).toEqual(['ann', 'bob']);
  });

  it('say of who has said nothing what is sent of theirs by a node, also what nobody here looks at or listens to', () => {
    expect(bobIn({ received: [] })).toMatchObject({ mic: false, camera: false });
    expect(bobIn({ received: [track('mic'), track('camera')] })).toMatchObject({ mic: true, camera: true });
    const unseen = [track('mic', { isPaused: true }), track('camera', { isPaused: true })];
    expect(bobIn({ received: unseen })).toMatchObject({ mic: true, camera: true });
    const off = [track('mic', { isOff: true, isPaused: true })];
    expect(bobIn({ received: off })).toMatchObject({ mic: false, camera: false });
  });

  it('say nothing by a mesh, which has a section for everything', () => {
    expect(bobIn({ call: callOf('p2p'), received: [track('camera')] })).toMatchObject({ camera: false });
  });

  it('say what somebody says of themselves, and that a moderator has muted them', () => {
    const states = new Map([[BOB, ON]]);
    expect(bobIn({ states })).toMatchObject({ mic: true, camera: true, muted: false });
    expect(bobIn({ states, call: callOf('sfu', 'bob') })).toMatchObject({ mic: false, muted: true });
  });

  it('say how each voice comes through, and of mine how all do', () => {
    const hearing = { quality: 'fair', byTrack: new Map([['mic', 'poor' as const]]) } as const;
    const of = (facts: Partial<TileParts>) => makeTiles([], parts(facts)).map(({ quality }) => quality);
    expect(of({ received: [track('mic')] })).toEqual(['unknown', 'unknown']);
    expect(of({ hearing, received: [track('mic')] })).toEqual(['fair', 'poor']);
    expect(of({ hearing })).toEqual(['fair', 'unknown']);
  });

  it('are the same objects where nothing has changed', () => {
    const before = makeTiles([], parts({ received: [track('mic')] }));
    const received = [{ ...track('mic'), track: before[1]?.tracks.mic as MediaStreamTrack }];
    expect(makeTiles(before, parts({ received }))).toBe(before);
    const after = makeTiles(before, parts({ received, speaks: (participant) => participant === BOB }));
    expect(after[0]).toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
  });
});
