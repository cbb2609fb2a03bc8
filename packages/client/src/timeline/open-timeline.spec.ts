import type { LiveEvent } from '@parley/domain/wire/live';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientEvents } from '../client-events.js';
import type { ConnectionState } from '../connection-state.js';
import { createRosters } from '../conversations/rosters.js';
import type { Core } from '../core.js';
import { createListeners } from '../listeners.js';
import { createOutbox } from '../outbox/outbox.js';
import { createPositions } from '../positions.js';
import { unavailable } from '../refusal-error.js';
import { pageAt, text } from '../testing/model-conversation.js';
import { createEnds } from '../time/ends.js';
import { createServerTime } from '../time/server-time.js';
import { createNotes } from './notes.js';
import { openTimeline } from './open-timeline.js';

type Waiting = { readonly answer: () => void; readonly fail: () => void };

/** A conversation of ann and bob on a server in the same process: it answers, tells and shows when it is told to. */
function server() {
  const log: LiveEvent[] = [];
  const listeners = createListeners<ClientEvents>();
  const positions = createPositions();
  const time = createServerTime();
  const answers: Waiting[] = [];
  const pages: Waiting[] = [];
  let state: ConnectionState = { tag: 'open', failures: 0 };
  let told = 0;

  function append(actor: string, commandId: string, said: string): LiveEvent {
    const seq = log.length + 1;
    const known = log.find((event) => event.commandId === commandId);
    if (known !== undefined) return known;
    const data = { ordinal: seq, body: text(said) };
    const event = {
      conversationId: 'c',
      seq,
      type: 'message.sent',
      at: seq,
      actor,
      commandId,
      data,
    } as const;
    log.push(event);
    return event;
  }

  const later = <A>(queue: Waiting[], make: () => A): Promise<A> =>
    new Promise((resolve, reject) => {
      queue.push({ answer: () => resolve(make()), fail: () => reject(unavailable('the line broke')) });
    });

  const outbox = createOutbox({
    storage: undefined,
    isOpen: () => state.tag === 'open',
    request(_method, params) {
      const { commandId, body } = params as { commandId: string; body: { text: string } };
      const { seq, at } = append('ann', commandId, body.text);
      return later(answers, () => ({ conversationId: 'c', seq, at }));
    },
    maxEntries: 1_000,
    maxInFlight: 10,
    onStorageLost: () => undefined,
  });

  async function call(
    method: string,
    params: { limit?: number; minSeq?: number; before?: string; after?: string },
  ) {
    const place = (cursor?: string) => (cursor === undefined ? {} : { seq: Number.parseInt(cursor, 10) });
    const { before, after, limit = 50 } = params;
    if (method === 'message.list')
      return later(pages, () =>
        pageAt(
          log,
          log.length,
          {
            limit,
            ...(before ? { before: place(before).seq as number } : {}),
            ...(after ? { after: place(after).seq as number } : {}),
          },
          'ann',
        ),
      );
    if (method === 'conversation.get')
      return {
        conversationId: 'c',
        members: [],
        memberCount: 2,
        revision: log.length,
        hasMoreMembers: false,
      };
    return { watermarks: [] };
  }

  const core: Core = {
    call: call as never,
    on: listeners.on,
    outbox,
    positions,
    user: () => 'ann',
    state: () => state,
    time,
    ends: createEnds(time, () => undefined),
  };

  return {
    core,
    log,
    say: (actor: string, said: string) => append(actor, `of ${actor} ${log.length}`, said),
    answer: () => answers.shift()?.answer(),
    show: () => pages.shift()?.answer(),
    tell() {
      const event = log[told];
      if (event === undefined || state.tag !== 'open') return;
      told++;
      if (positions.judge('c', event.seq) === 'deliver') listeners.emit('event', event);
    },
    /** What waits fails, and is asked again after the reconnect; events go on from where they were. */
    reconnect() {
      state = { tag: 'waiting', failures: 1 };
      outbox.interrupt();
      for (const { fail } of [...answers.splice(0), ...pages.splice(0)]) fail();
      listeners.emit('state', state);
      state = { tag: 'open', failures: 0 };
      outbox.pump();
      listeners.emit('state', state);
    },
    /** What is missing is not replayed. */
    lose() {
      told = log.length;
      positions.forget('c');
      positions.entered('c', told + 1);
      listeners.emit('resync', { conversationId: 'c', reason: 'behind', seq: told });
    },
    get isQuiet() {
      return answers.length === 0 && pages.length === 0 && told === log.length && outbox.size === 0;
    },
  };
}

/** What follows from what has happened, and every wait that is over by then. */
const settle = () => vi.advanceTimersByTimeAsync(5);

function open() {
  const far = server();
  const { core } = far;
  const timeline = openTimeline(
    {
      core,
      rosters: createRosters(core),
      marks: { delivered: () => undefined, read: () => undefined, close: () => undefined },
      typing: { typing: () => undefined, sent: () => undefined },
      notes: createNotes(core),
    },
    'c',
  );
  const said = () => timeline.snapshot().items.map(({ body }) => (body?.kind === 'text' ? body.text : ''));
  return { far, timeline, said };
}

const action = fc.constantFrom(
  'send',
  'send',
  'answer',
  'answer',
  'tell',
  'tell',
  'show',
  'bob',
  'reconnect',
  'lose',
);

describe('what I send', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('is there once and under its key from the first moment on, whichever of answer, event and page comes first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const { far, timeline, said } = open();
        const keys = new Map<string, string>();
        const mine: string[] = [];
        const check = (): void => {
          const shown = said().filter((one) => one.startsWith('mine'));
          expect(shown).toEqual(mine);
          for (const { key, body } of timeline.snapshot().items)
            if (body?.kind === 'text' && keys.has(body.text)) expect(key).toBe(keys.get(body.text));
        };
        for (const each of actions) {
          if (each === 'send') {
            mine.push(`mine ${mine.length}`);
            keys.set(mine.at(-1) as string, timeline.send({ body: text(mine.at(-1) as string) }));
          }
          if (each === 'bob') far.say('bob', `bob ${far.log.length}`);
          if (each === 'answer') far.answer();
          if (each === 'tell') far.tell();
          if (each === 'show') far.show();
          if (each === 'reconnect') far.reconnect();
          if (each === 'lose') far.lose();
          await settle();
          check();
        }
        for (let turn = 0; turn < 200 && !far.isQuiet; turn++) {
          far.answer();
          far.tell();
          far.show();
          await settle();
          check();
        }
        expect(far.isQuiet).toBe(true);
        expect(said()).toEqual(far.log.map(({ data }) => (data.body as { text: string }).text));
        timeline.close();
      }),
      { numRuns: 300 },
    );
  });
});
