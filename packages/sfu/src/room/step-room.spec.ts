import { describe, expect, it } from 'vitest';
import {
  emptyRoom,
  type RoomEffect,
  type RoomInput,
  type RoomState,
  type TrackChange,
  UNWANTED_MS,
} from './room-state.js';
import { stepRoom } from './step-room.js';

const limits = { consumers: 3, unconnectedMs: 30_000 };
const attach = (
  participant: number,
  user = `user${participant}`,
  device = 'web',
  entered = { fence: 7, at: 70 },
): RoomInput => ({
  tag: 'attach',
  participant,
  user,
  device,
  speaks: true,
  entered,
});
const opened = (participant: number, direction: 'send' | 'recv'): RoomInput => ({
  tag: 'opened',
  participant,
  transport: `${direction}${participant}`,
  direction,
});
const receive = (participant: number): RoomInput => ({
  tag: 'receive',
  participant,
  transport: `recv${participant}`,
});
const produced = (
  participant: number,
  source: 'mic' | 'camera' | 'screen',
  producer = `${source}${participant}`,
): RoomInput => ({
  tag: 'produced',
  participant,
  user: `user${participant}`,
  transport: `send${participant}`,
  producer,
  source,
  kind: source === 'mic' ? 'audio' : 'video',
  layering:
    source === 'camera'
      ? { scales: [4, 2, 1], temporal: 3, whole: { width: 1_280, height: 720 }, isText: false }
      : undefined,
  paused: false,
});
const brought = (
  participant: number,
  producer = `mic${participant}`,
  entered = { fence: 7, at: 70 },
): RoomInput => {
  const { transport: _, ...sent } = produced(participant, 'mic', producer) as Produced;
  return { ...sent, tag: 'brought', entered };
};
type Produced = Extract<RoomInput, { readonly tag: 'produced' }>;
const made = (participant: number, producer: string): RoomInput => ({
  tag: 'made',
  participant,
  transport: `recv${participant}`,
  producer,
  consumer: `${producer}>${participant}`,
  view: undefined,
});
const show = (participant: number, producer: string): RoomInput => ({
  tag: 'setConsumer',
  consumer: `${producer}>${participant}`,
  paused: false,
});
const roster = (
  participants: readonly number[],
  muted: readonly string[] = [],
  revision = 100,
  speakers?: readonly string[],
): RoomInput => ({
  tag: 'roster',
  revision,
  participants: new Set(participants),
  muted: new Set(muted),
  speakers: speakers && new Set(speakers),
});

const consume = (participant: number, producer: string): RoomEffect => ({
  tag: 'consume',
  participant,
  transport: `recv${participant}`,
  producer,
  paused: !producer.startsWith('mic'),
});
const track = (producer: string, change: TrackChange): RoomEffect => ({ tag: 'track', producer, change });
const tell = (to: number, name: string, value: Record<string, unknown>): RoomEffect =>
  ({ tag: 'tell', to, name, value }) as RoomEffect;
const closed = (to: number, producer: string): RoomEffect =>
  tell(to, 'voice.consumerClosed', { consumer: `${producer}>${to}` });
const paused = (to: number, producer: string, is: boolean): RoomEffect =>
  tell(to, 'voice.consumerPaused', { consumer: `${producer}>${to}`, paused: is });

const sender = [attach(1), opened(1, 'send')];
const receiver = [attach(2), opened(2, 'recv'), receive(2)];
const both = [...sender, ...receiver];
const hearing = [...both, produced(1, 'mic'), made(2, 'mic1')];
const seeing = [...both, produced(1, 'camera'), made(2, 'camera1')];

function after(inputs: readonly RoomInput[], now = 0): RoomState {
  const state = emptyRoom();
  for (const input of inputs) stepRoom({ state, now, limits }, input);
  return state;
}

type Row = [it: string, given: readonly RoomInput[], input: RoomInput, effects: readonly RoomEffect[]];

const rows: readonly Row[] = [
  ['an empty room has nothing to do', [], { tag: 'tick' }, []],
  ['who attaches begins with nothing', [], attach(1), []],
  [
    'who attaches anew loses what they had',
    [...sender, produced(1, 'mic')],
    attach(1),
    [
      track('mic1', 'gone'),
      { tag: 'closeTransport', transport: 'send1' },
      { tag: 'left', participant: 1, since: 0 },
    ],
  ],
  [
    'a newer participant of a device takes the place of the older',
    [attach(1, 'ann', 'web'), opened(1, 'send')],
    attach(5, 'ann', 'web'),
    [
      { tag: 'closeTransport', transport: 'send1' },
      { tag: 'left', participant: 1, since: 0 },
    ],
  ],
  ['two devices of one user are two participants', [attach(1, 'ann', 'web')], attach(2, 'ann', 'phone'), []],
  [
    'a transport of somebody who has left is closed',
    [],
    opened(1, 'send'),
    [{ tag: 'closeTransport', transport: 'send1' }],
  ],
  [
    'a track of somebody who has left is closed',
    [],
    produced(1, 'mic'),
    [{ tag: 'closeProducer', producer: 'mic1' }],
  ],
  [
    'nobody receives a track who did not ask',
    [...sender, attach(2)],
    produced(1, 'mic'),
    [track('mic1', 'there')],
  ],
  [
    'who receives gets a new voice at once',
    both,
    produced(1, 'mic'),
    [track('mic1', 'there'), consume(2, 'mic1')],
  ],
  [
    'video waits until it is shown',
    both,
    produced(1, 'camera'),
    [track('camera1', 'there'), consume(2, 'camera1')],
  ],
  [
    'nobody hears themselves',
    [...sender, opened(1, 'recv'), receive(1)],
    produced(1, 'mic'),
    [track('mic1', 'there')],
  ],
  [
    'who asks to receive gets what there is, voices first',
    [...sender, produced(1, 'camera'), produced(1, 'mic'), attach(2), opened(2, 'recv')],
    receive(2),
    [consume(2, 'mic1'), consume(2, 'camera1')],
  ],
  [
    'asking again makes nothing twice, and says again what was said of what is sent and received',
    [...sender, opened(1, 'recv'), receive(1), produced(1, 'camera'), { tag: 'tick' }],
    receive(1),
    [
      tell(1, 'voice.wanted', { producer: 'camera1', wanted: true }),
      tell(1, 'voice.audioOnly', { on: false }),
    ],
  ],
  ['nobody receives over a transport that sends', sender, receive(1), []],
  [
    'receiving over another transport begins anew',
    [...hearing, { ...(opened(2, 'recv') as object), transport: 'other2' } as RoomInput],
    { tag: 'receive', participant: 2, transport: 'other2' },
    [
      { tag: 'closeConsumer', consumer: 'mic1>2' },
      { tag: 'consume', participant: 2, transport: 'other2', producer: 'mic1', paused: false },
    ],
  ],
  [
    'there are only so many consumers',
    [...both, produced(1, 'mic'), produced(1, 'camera'), attach(3), opened(3, 'send'), produced(3, 'mic')],
    produced(3, 'camera'),
    [track('camera3', 'there')],
  ],
  [
    'one that ends makes room for another',
    [
      ...both,
      produced(1, 'mic'),
      produced(1, 'camera'),
      attach(3),
      opened(3, 'send'),
      produced(3, 'camera'),
      produced(3, 'mic'),
    ],
    { tag: 'producerClosed', producer: 'camera1' },
    [track('camera1', 'gone'), consume(2, 'mic3'), { tag: 'closeProducer', producer: 'camera1' }],
  ],
  [
    'a second track of a source replaces the first',
    hearing,
    produced(1, 'mic', 'mic1b'),
    [
      track('mic1', 'gone'),
      closed(2, 'mic1'),
      { tag: 'closeProducer', producer: 'mic1' },
      track('mic1b', 'there'),
      consume(2, 'mic1b'),
    ],
  ],
  [
    'a consumer of a track that has ended is closed',
    [...both, produced(1, 'mic'), { tag: 'producerClosed', producer: 'mic1' }],
    made(2, 'mic1'),
    [{ tag: 'closeConsumer', consumer: 'mic1>2' }],
  ],
  [
    'a consumer that is there twice is closed',
    hearing,
    made(2, 'mic1'),
    [{ tag: 'closeConsumer', consumer: 'mic1>2' }],
  ],
  [
    'a consumer over a transport that was given up is closed',
    [
      ...both,
      produced(1, 'mic'),
      { ...(opened(2, 'recv') as object), transport: 'other2' } as RoomInput,
      { tag: 'receive', participant: 2, transport: 'other2' },
    ],
    made(2, 'mic1'),
    [{ tag: 'closeConsumer', consumer: 'mic1>2' }],
  ],
  [
    'a new consumer is told, with the fence it is of',
    [...both, produced(1, 'mic')],
    { ...made(2, 'mic1'), view: { consumer: 'mic1>2' } } as unknown as RoomInput,
    [tell(2, 'voice.consumer', { fence: 7, consumer: { consumer: 'mic1>2' } })],
  ],
  [
    'what cannot be received is forgotten',
    [...both, produced(1, 'mic')],
    {
      tag: 'unmade',
      participant: 2,
      transport: 'recv2',
      producer: 'mic1',
    },
    [],
  ],
  [
    'a consumer that fails is told',
    hearing,
    {
      tag: 'unmade',
      participant: 2,
      transport: 'recv2',
      producer: 'mic1',
    },
    [closed(2, 'mic1')],
  ],
  [
    'video that is shown begins, with layers of its size',
    seeing,
    { ...(show(2, 'camera1') as object), size: { width: 320, height: 180 } } as RoomInput,
    [
      { tag: 'setLayers', consumer: 'camera1>2', layers: { spatialLayer: 0, temporalLayer: 2 } },
      { tag: 'pauseConsumer', consumer: 'camera1>2', paused: false },
    ],
  ],
  ['showing it twice changes nothing', [...seeing, show(2, 'camera1')], show(2, 'camera1'), []],
  [
    'a key frame is asked for what is shown',
    [...seeing, show(2, 'camera1')],
    { tag: 'setConsumer', consumer: 'camera1>2', keyFrame: true, priority: 3 },
    [
      { tag: 'setPriority', consumer: 'camera1>2', priority: 3 },
      { tag: 'keyFrame', consumer: 'camera1>2' },
    ],
  ],
  ['and not for what is not', seeing, { tag: 'setConsumer', consumer: 'camera1>2', keyFrame: true }, []],
  ['a consumer that is gone is not set', both, show(2, 'camera1'), []],
  [
    'a pause of the sender is told',
    hearing,
    { tag: 'setProducer', producer: 'mic1', paused: true },
    [
      { tag: 'pauseProducer', producer: 'mic1', paused: true },
      paused(2, 'mic1', true),
      track('mic1', 'paused'),
    ],
  ],
  [
    'and not twice',
    [...hearing, { tag: 'setProducer', producer: 'mic1', paused: true }],
    {
      tag: 'setProducer',
      producer: 'mic1',
      paused: true,
    },
    [],
  ],
  [
    'whom a moderator mutes is silent',
    hearing,
    roster([1, 2], ['user1']),
    [{ tag: 'pauseProducer', producer: 'mic1', paused: true }, paused(2, 'mic1', true)],
  ],
  ['their camera goes on', seeing, roster([1, 2], ['user1']), []],
  [
    'the muted cannot resume themselves',
    [...hearing, roster([1, 2], ['user1']), { tag: 'setProducer', producer: 'mic1', paused: true }],
    { tag: 'setProducer', producer: 'mic1', paused: false },
    [track('mic1', 'paused')],
  ],
  [
    'a new voice of somebody muted is silent from the start',
    [...both, roster([1, 2], ['user1'])],
    produced(1, 'mic'),
    [track('mic1', 'there'), { tag: 'pauseProducer', producer: 'mic1', paused: true }, consume(2, 'mic1')],
  ],
  [
    'whoever is unmuted is heard again, if they did not pause meanwhile',
    [...hearing, roster([1, 2], ['user1'])],
    roster([1, 2]),
    [{ tag: 'pauseProducer', producer: 'mic1', paused: false }, paused(2, 'mic1', false)],
  ],
  [
    'whoever paused meanwhile stays so',
    [...hearing, roster([1, 2], ['user1']), { tag: 'setProducer', producer: 'mic1', paused: true }],
    roster([1, 2]),
    [],
  ],
  [
    'who may speak no more is heard no more',
    hearing,
    roster([1, 2], [], 100, ['user2']),
    [{ tag: 'pauseProducer', producer: 'mic1', paused: true }, paused(2, 'mic1', true)],
  ],
  [
    'nor seen',
    seeing,
    roster([1, 2], [], 100, ['user2']),
    [{ tag: 'pauseProducer', producer: 'camera1', paused: true }, paused(2, 'camera1', true)],
  ],
  ['who speaks goes on while others may not', hearing, roster([1, 2], [], 100, ['user1']), []],
  [
    'who may speak again is heard again, if they want to be',
    [...hearing, roster([1, 2], [], 100, [])],
    roster([1, 2], [], 101, ['user1']),
    [{ tag: 'pauseProducer', producer: 'mic1', paused: false }, paused(2, 'mic1', false)],
  ],
  [
    'but not who is muted besides',
    [...hearing, roster([1, 2], ['user1'], 100, [])],
    roster([1, 2], ['user1'], 101, ['user1']),
    [],
  ],
  [
    'who is no longer in the call is put out',
    hearing,
    roster([2]),
    [
      track('mic1', 'gone'),
      closed(2, 'mic1'),
      { tag: 'closeTransport', transport: 'send1' },
      { tag: 'left', participant: 1, since: 0 },
    ],
  ],
  ['who entered after what the roster knows stays', hearing, roster([1], [], 1), []],
  ['an older roster changes nothing', [...both, roster([1, 2], [], 50)], roster([1], [], 49), []],
  ['a track that was brought is heard', receiver, brought(9), [track('mic9', 'there'), consume(2, 'mic9')]],
  [
    'and ends with its participant',
    [...receiver, brought(9), made(2, 'mic9')],
    roster([2]),
    [track('mic9', 'gone'), closed(2, 'mic9'), { tag: 'closeProducer', producer: 'mic9' }],
  ],
  [
    'one that comes after its participant was put out is not taken',
    [...receiver, roster([2], [], 10)],
    brought(1),
    [{ tag: 'closeProducer', producer: 'mic1' }],
  ],
  [
    'who has moved here is not silenced by what they had elsewhere',
    hearing,
    brought(1, 'before', { fence: 6, at: 99 }),
    [{ tag: 'closeProducer', producer: 'before' }],
  ],
  [
    'nor by what they had before on an edge of the same placement',
    hearing,
    brought(1, 'before', { fence: 7, at: 69 }),
    [{ tag: 'closeProducer', producer: 'before' }],
  ],
  [
    'who has moved here is heard once',
    [...both, brought(1, 'before'), made(2, 'before')],
    produced(1, 'mic'),
    [
      track('before', 'gone'),
      closed(2, 'before'),
      { tag: 'closeProducer', producer: 'before' },
      track('mic1', 'there'),
      consume(2, 'mic1'),
    ],
  ],
  [
    'who has moved away is heard from there',
    hearing,
    brought(1, 'mic1next', { fence: 8, at: 1 }),
    [
      track('mic1', 'gone'),
      closed(2, 'mic1'),
      { tag: 'closeProducer', producer: 'mic1' },
      track('mic1next', 'there'),
      consume(2, 'mic1next'),
    ],
  ],
  [
    'and begins nothing here any more',
    [...both, brought(1, 'mic1next', { fence: 8, at: 1 })],
    produced(1, 'mic'),
    [{ tag: 'closeProducer', producer: 'mic1' }],
  ],
  [
    'who has moved from one edge to another is heard from the second',
    [...receiver, brought(9), made(2, 'mic9')],
    brought(9, 'mic9next', { fence: 7, at: 71 }),
    [
      track('mic9', 'gone'),
      closed(2, 'mic9'),
      { tag: 'closeProducer', producer: 'mic9' },
      track('mic9next', 'there'),
      consume(2, 'mic9next'),
    ],
  ],
  [
    'also when the first one wakes',
    [...receiver, brought(9)],
    brought(9, 'before', { fence: 7, at: 69 }),
    [{ tag: 'closeProducer', producer: 'before' }],
  ],
  [
    'where much is lost, video stops',
    [...seeing, show(2, 'camera1')],
    { tag: 'audioOnly', participant: 2, on: true },
    [{ tag: 'pauseConsumer', consumer: 'camera1>2', paused: true }, tell(2, 'voice.audioOnly', { on: true })],
  ],
  [
    'voices go on',
    hearing,
    { tag: 'audioOnly', participant: 2, on: true },
    [tell(2, 'voice.audioOnly', { on: true })],
  ],
  [
    'video comes back as it was wanted meanwhile',
    [...seeing, { tag: 'audioOnly', participant: 2, on: true }, show(2, 'camera1')],
    { tag: 'audioOnly', participant: 2, on: false },
    [
      { tag: 'pauseConsumer', consumer: 'camera1>2', paused: false },
      tell(2, 'voice.audioOnly', { on: false }),
    ],
  ],
  [
    'a transport that closes takes its track along',
    hearing,
    {
      tag: 'transportClosed',
      participant: 1,
      transport: 'send1',
    },
    [track('mic1', 'gone'), closed(2, 'mic1')],
  ],
  [
    'a transport that closes takes what is received along',
    hearing,
    {
      tag: 'transportClosed',
      participant: 2,
      transport: 'recv2',
    },
    [],
  ],
];

describe('a room', () => {
  it.each(rows)('%s', (_, given, input, effects) => {
    expect(stepRoom({ state: after(given), now: 1, limits }, input)).toEqual(effects);
  });

  it('tells who sends in vain after a while, and at once when somebody receives', () => {
    const state = after(seeing);
    const at = (now: number, input: RoomInput = { tag: 'tick' }) => stepRoom({ state, now, limits }, input);
    expect(at(UNWANTED_MS - 1)).toEqual([]);
    expect(at(UNWANTED_MS)).toEqual([tell(1, 'voice.wanted', { producer: 'camera1', wanted: false })]);
    expect(at(UNWANTED_MS + 1)).toEqual([]);
    expect(at(UNWANTED_MS + 2, show(2, 'camera1'))).toEqual([
      { tag: 'pauseConsumer', consumer: 'camera1>2', paused: false },
      tell(1, 'voice.wanted', { producer: 'camera1', wanted: true }),
    ]);
    expect(at(UNWANTED_MS * 9)).toEqual([]);
  });

  it('wants what is taken elsewhere', () => {
    const state = after(seeing);
    stepRoom({ state, now: 1, limits }, { tag: 'elsewhere', producer: 'camera1', wants: true });
    expect(stepRoom({ state, now: UNWANTED_MS * 2, limits }, { tag: 'tick' })).toEqual([]);
    stepRoom(
      { state, now: UNWANTED_MS * 2, limits },
      { tag: 'elsewhere', producer: 'camera1', wants: false },
    );
    expect(stepRoom({ state, now: UNWANTED_MS * 4, limits }, { tag: 'tick' })).toHaveLength(1);
  });

  it('says of a track that was brought whether it is wanted to who brings it: its sender is not here', () => {
    const state = after([...receiver, brought(9)]);
    const wanted = [track('mic9', 'wanted')];
    expect(stepRoom({ state, now: UNWANTED_MS * 2, limits }, { tag: 'tick' })).toEqual(wanted);
    expect(state.tracks.get('mic9')?.wanted).toBe(false);
    expect(stepRoom({ state, now: UNWANTED_MS * 2, limits }, made(2, 'mic9'))).toEqual(wanted);
    expect(state.tracks.get('mic9')?.wanted).toBe(true);
  });

  it('closes a transport that nobody connects, or that is lost for too long', () => {
    const state = after(sender);
    const at = (now: number, input: RoomInput = { tag: 'tick' }) => stepRoom({ state, now, limits }, input);
    const link = (up: boolean): RoomInput => ({ tag: 'link', participant: 1, transport: 'send1', up });
    expect(at(29_999)).toEqual([]);
    at(29_999, link(true));
    expect(at(100_000)).toEqual([]);
    at(100_000, link(false));
    expect(at(129_999)).toEqual([]);
    expect(at(130_000)).toEqual([{ tag: 'closeTransport', transport: 'send1' }]);
  });
});
