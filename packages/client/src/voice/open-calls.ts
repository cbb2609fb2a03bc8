import { deviceKey } from '@parley/domain/call/call';
import type { ParleyClient } from '../parley-client.js';
import { RefusalError, unavailable } from '../refusal-error.js';
import { createStore } from '../store.js';
import { createAskVoice } from './ask-voice.js';
import { createCallBook } from './call-book.js';
import { createCallSession, type OwnCallSession } from './call-session.js';
import type { CallOptions, CallSession, Calls, OngoingCallHere } from './call-types.js';
import { oneAtATime, unlessEnded } from './one-at-a-time.js';
import { createOwnMedia } from './own-media.js';
import { readVoiceNotice } from './read-voice-notice.js';

/** The answer of a command by which this device came into a call. */
type Begun = { readonly call: number; readonly participant: number };

/** For how long a call rings, in ms. */
export const RING_MS = 30_000;

/** Calls of this client: those that go on, and the one it is in. */
export function openCalls(client: ParleyClient): Calls {
  const ask = createAskVoice(client.ask);
  const book = createCallBook({ call: client.call, on: client.on, state: () => client.state });
  /** By conversation: the call that is not to ring here. */
  const declined = new Map<string, number>();
  let current: (OwnCallSession & { readonly call: number; readonly conversationId: string }) | undefined;
  const entering = oneAtATime();
  let ringing: ReturnType<typeof setTimeout> | undefined;

  const ongoing = createStore<readonly OngoingCallHere[]>((last = []) => {
    clearTimeout(ringing);
    const now = client.now();
    let next = Number.POSITIVE_INFINITY;
    const calls = [...book.all()].flatMap(([conversationId, call]): OngoingCallHere[] => {
      const people = [...new Set([...call.participants.values()].map(({ user }) => user))];
      if (call.participants.get(deviceKey(client.user, client.device)) !== undefined && isIn(call.call))
        return [];
      const isQuiet =
        call.by === client.user || people.includes(client.user) || declined.get(conversationId) === call.call;
      const rings = !isQuiet && now < call.at + RING_MS;
      if (rings) next = Math.min(next, call.at + RING_MS);
      return [
        {
          conversationId,
          call: call.call,
          media: call.media,
          by: call.by,
          at: call.at,
          people,
          broadcast: call.broadcast,
          rings,
        },
      ];
    });
    if (Number.isFinite(next)) ringing = setTimeout(ongoing.changed, next - now + 1);
    return isSame(last, calls) ? last : calls;
  });
  const now = createStore<CallSession | undefined>(() => current);

  const isIn = (call: number): boolean =>
    current?.call === call && current.state.snapshot().phase !== 'ended';

  const offs = [
    client.on('voice', (raw) => {
      const notice = readVoiceNotice(raw);
      if (notice === undefined || current === undefined) return;
      const { conversationId, call } = notice.value;
      if (conversationId === current.conversationId && call === current.call) current.notice(notice);
    }),
    book.onChange(() => ongoing.changed()),
  ];

  /** A command would wait for a connection, and ring when nobody thinks of it any more. */
  function needLine(): void {
    if (client.state.tag !== 'open') throw unavailable('no call without a connection');
  }

  /** In it by the answer of a command, with what it needs of this device; where that is refused, or no more wanted, out of it again. */
  async function enter(
    conversationId: string,
    options: CallOptions,
    begin: () => Promise<Begun>,
  ): Promise<CallSession> {
    needLine();
    const signal = entering.begin(options.signal);
    signal.throwIfAborted();
    await current?.leave();
    let session: (OwnCallSession & { readonly call: number; readonly conversationId: string }) | undefined;
    let begun: Promise<Begun> | undefined;
    const media = createOwnMedia(options, (source, track) => session?.put(source, track));
    const wantsMic = options.mic ?? true;
    const asking = Promise.all([
      wantsMic ? media.setMic(true) : undefined,
      options.camera === true ? media.setCamera(true) : undefined,
    ]);
    asking.catch(() => undefined);
    try {
      // Somebody who is still being asked by the browser is not in a call yet.
      if (!(await isGranted(wantsMic, options.camera === true))) await unlessEnded(signal, asking);
      signal.throwIfAborted();
      needLine();
      begun = begin();
      const { call, participant } = await unlessEnded(signal, begun);
      const whole = await unlessEnded(signal, book.until(conversationId, call));
      const own = createCallSession({
        client,
        ask,
        book,
        conversationId,
        call: whole,
        participant,
        media,
        options,
      });
      session = Object.assign(own, { call, conversationId });
      current = session;
      for (const source of ['mic', 'camera'] as const) {
        const track = media.track(source);
        if (track !== null) own.put(source, track);
      }
      own.state.subscribe(ongoing.changed);
      now.changed();
      ongoing.changed();
      await unlessEnded(signal, Promise.race([asking, ended(session)]));
      return session;
    } catch (error) {
      if (session === undefined)
        void begun
          ?.then((late) => client.call('call.leave', { conversationId, ...late }))
          .catch(() => undefined);
      await session?.leave();
      media.close();
      throw error;
    }
  }

  async function join(conversationId: string, call: number, options: CallOptions): Promise<CallSession> {
    return enter(conversationId, options, async () => {
      const { seq } = await client.call('call.join', { conversationId, call });
      return { call, participant: seq };
    });
  }

  return {
    ongoing,
    current: now,
    async start(conversationId, media, options = {}) {
      return enter(conversationId, options, async () => {
        try {
          const { seq } = await client.call('call.start', { conversationId, media });
          return { call: seq, participant: seq };
        } catch (error) {
          // Somebody was faster: whoever wants to talk wants to talk to them.
          const going =
            error instanceof RefusalError && error.tag === 'CallOngoing'
              ? await book.read(conversationId)
              : undefined;
          if (going === undefined) throw error;
          const { seq } = await client.call('call.join', { conversationId, call: going.call });
          return { call: going.call, participant: seq };
        }
      });
    },
    join: (conversationId, call, options = {}) => join(conversationId, call, options),
    decline(conversationId, call) {
      declined.set(conversationId, call);
      ongoing.changed();
    },
    look(conversationId) {
      if (book.of(conversationId) === undefined) void book.read(conversationId).catch(() => undefined);
    },
    dismiss() {
      if (current?.state.snapshot().phase !== 'ended') return;
      current = undefined;
      now.changed();
    },
    close() {
      entering.end();
      void current?.leave();
      clearTimeout(ringing);
      for (const off of offs) off();
      book.close();
    },
  };
}

/** Resolves when it is over here: what the browser is still asked for is needed no more. */
const ended = ({ state }: CallSession): Promise<void> =>
  new Promise((resolve) => {
    const off = state.subscribe(() => {
      if (state.snapshot().phase !== 'ended') return;
      off();
      resolve();
    });
  });

/** Whether the browser lets this page use them without asking; where it does not say, it is asked first. */
async function isGranted(microphone: boolean, camera: boolean): Promise<boolean> {
  const names = [...(microphone ? ['microphone'] : []), ...(camera ? ['camera'] : [])];
  try {
    const states = await Promise.all(
      names.map((name) => navigator.permissions.query({ name: name as PermissionName })),
    );
    return states.every(({ state }) => state === 'granted');
  } catch {
    return false;
  }
}

const isSame = (one: readonly OngoingCallHere[], other: readonly OngoingCallHere[]): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
