import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientEvents } from '../client-events.js';
import type { ConnectionState } from '../connection-state.js';
import { createListeners } from '../listeners.js';
import type { ParleyClient } from '../parley-client.js';
import { RefusalError } from '../refusal-error.js';
import type { Calls } from './call-types.js';
import { openCalls } from './open-calls.js';

type Asked = {
  readonly method: string;
  readonly params: object;
  readonly answer: (result: object) => void;
  readonly refuse: (refusal: RefusalError) => void;
};

let state: ConnectionState;
let asked: Asked[];
let grants: ((stream: MediaStream) => void)[];
let calls: Calls;

beforeEach(() => {
  state = { tag: 'open', failures: 0 };
  asked = [];
  grants = [];
  const getUserMedia = () => new Promise<MediaStream>((grant) => grants.push(grant));
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
  calls = openCalls({
    user: 'ann',
    device: 'd',
    now: () => 10,
    on: createListeners<ClientEvents>().on,
    get state() {
      return state;
    },
    call: (method: string, params: object) =>
      new Promise<object>((answer, refuse) => asked.push({ method, params, answer, refuse })),
    ask: () => new Promise(() => undefined),
  } as unknown as ParleyClient);
});
afterEach(() => {
  calls.close();
  vi.unstubAllGlobals();
});

const microphone = () => ({ kind: 'audio', enabled: true, stop: vi.fn(), onended: null });
const streamOf = (track: object) => ({ getTracks: () => [track] }) as unknown as MediaStream;
const methods = () => asked.map(({ method }) => method);
const untilAsked = (...wanted: readonly string[]) => expect.poll(methods).toEqual(wanted);
const going = (call: number) => ({
  revision: call,
  call: {
    call,
    media: 'voice',
    by: 'ann',
    at: 5,
    p2pMax: 4,
    topology: 'p2p',
    participants: [{ participant: call, user: 'ann', device: 'd', at: 5 }],
    muted: [],
    broadcast: null,
  },
});

describe('entering a call', () => {
  it('is refused where the line broke while the browser asked for the microphone', async () => {
    const entering = calls.start('c', 'voice');
    const refused = expect(entering).rejects.toMatchObject({ tag: 'Unavailable' });
    await expect.poll(() => grants.length).toBe(1);
    state = { tag: 'waiting', failures: 1, retryAt: 0 } as ConnectionState;
    const track = microphone();
    grants[0]?.(streamOf(track));
    await refused;
    expect(track.stop).toHaveBeenCalled();
    expect(methods()).toEqual([]);
  });

  it('is given up at once, whatever the browser still asks, and lets go of what comes then', async () => {
    const cancel = new AbortController();
    const refused = expect(calls.start('c', 'voice', { signal: cancel.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await expect.poll(() => grants.length).toBe(1);
    cancel.abort();
    await refused;
    const track = microphone();
    grants[0]?.(streamOf(track));
    await expect.poll(() => track.stop.mock.calls.length).toBe(1);
    expect(methods()).toEqual([]);
  });

  it('leaves the call that is begun after it was given up', async () => {
    const cancel = new AbortController();
    const refused = expect(
      calls.start('c', 'voice', { mic: false, signal: cancel.signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });
    await untilAsked('call.start');
    cancel.abort();
    await refused;
    asked[0]?.answer({ seq: 7 });
    await untilAsked('call.start', 'call.leave');
    expect(asked[1]?.params).toEqual({ conversationId: 'c', call: 7, participant: 7 });
  });

  it('leaves the call that cannot be read', async () => {
    const refused = expect(calls.start('c', 'voice', { mic: false })).rejects.toMatchObject({
      tag: 'Unavailable',
    });
    await untilAsked('call.start');
    asked[0]?.answer({ seq: 7 });
    await untilAsked('call.start', 'call.get');
    asked[1]?.refuse(new RefusalError('Unavailable'));
    await refused;
    await untilAsked('call.start', 'call.get', 'call.leave');
    expect(asked[2]?.params).toEqual({ conversationId: 'c', call: 7, participant: 7 });
  });

  it('gives up the one before, and leaves what that has begun', async () => {
    const older = expect(calls.join('a', 1, { mic: false })).rejects.toMatchObject({ name: 'AbortError' });
    const newer = calls.join('b', 2, { mic: false });
    await older;
    await untilAsked('call.join');
    asked[0]?.answer({ seq: 8 });
    await untilAsked('call.join', 'call.get');
    asked[1]?.answer(going(2));
    const session = await newer;
    expect(calls.current.snapshot()).toBe(session);
  });

  it('gives up the one before also where both were asked for', async () => {
    const older = expect(calls.join('a', 1, { mic: false })).rejects.toMatchObject({ name: 'AbortError' });
    await untilAsked('call.join');
    const newer = calls.join('b', 2, { mic: false });
    await older;
    await untilAsked('call.join', 'call.join');
    asked[1]?.answer({ seq: 8 });
    asked[0]?.answer({ seq: 6 });
    await untilAsked('call.join', 'call.join', 'call.leave', 'call.get');
    expect(asked[2]?.params).toEqual({ conversationId: 'a', call: 1, participant: 6 });
    asked[3]?.answer(going(2));
    const session = await newer;
    expect(calls.current.snapshot()).toBe(session);
  });
});
