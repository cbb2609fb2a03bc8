import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SYSTEM } from '../ids.js';
import { type Envelope, envelop } from '../log/envelope.js';
import { commands } from '../testing/arbitraries.js';
import { happen } from '../testing/history.js';
import { decide } from './decide.js';
import { targetSought } from './decide-messages.js';
import { evolve } from './evolve.js';
import { recallCommand, recallSeq } from './recent.js';
import { toSnapshot } from './snapshot.js';
import { type Conversation, initial, stands } from './state.js';
import { MAX_PINS, type Remains } from './vocabulary.js';

const RUNS = { numRuns: 300 };
const replay = (log: readonly Envelope[]): Conversation => log.reduce(evolve, initial as Conversation);
const sentAt = (log: readonly Envelope[], seq: number) => {
  const event = log[seq - 1];
  return event?.type === 'message.sent' ? event : undefined;
};

/** Whether what the log says after a message has taken it away. */
const isGone = (log: readonly Envelope[], seq: number): boolean =>
  log.some(
    (event) =>
      event.seq > seq &&
      ((event.type === 'message.deleted' && event.data.seq === seq) ||
        (event.type === 'member.erased' && event.data.user === log[seq - 1]?.actor) ||
        (event.type === 'message.expired' &&
          event.data.ranges.some(([from, to]) => from <= seq && seq <= to))),
  );

describe('whatever ends in a conversation', () => {
  it('does not end while it is on hold', () => {
    const ends = new Set<Envelope['type']>([
      'message.deleted',
      'message.expired',
      'message.erased',
      'member.erased',
      'conversation.erased',
    ]);
    fc.assert(
      fc.property(commands, (tried) => {
        let isHeld = false;
        for (const { type } of happen(tried).log) {
          if (type === 'conversation.held') isHeld = true;
          if (type === 'conversation.released') isHeld = false;
          expect(isHeld && ends.has(type)).toBe(false);
        }
      }),
      RUNS,
    );
  });

  it('never expires early, and never without an end', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { log } = happen(tried);
        for (const event of log) {
          if (event.type !== 'message.expired') continue;
          for (const [from, to] of event.data.ranges) {
            for (let seq = from; seq <= to; seq++) {
              const message = sentAt(log, seq);
              if (message !== undefined)
                expect(message.data.expiresAt ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(event.at);
            }
          }
        }
      }),
      RUNS,
    );
  });

  it('lives no longer than the life set at that time, and as much shorter as was asked', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { log } = happen(tried);
        const asked = new Map(
          tried.map((command) => [`${command.actor} ${command.data.commandId}`, command]),
        );
        let ttl: number | null = null;
        for (const event of log) {
          if (event.type === 'conversation.created' || event.type === 'conversation.ttlSet')
            ttl = event.data.ttl;
          if (event.type !== 'message.sent') continue;
          const life = event.data.expiresAt === undefined ? null : (event.data.expiresAt - event.at) / 1_000;
          const command = asked.get(`${event.actor} ${event.commandId}`);
          const wish = command?.type === 'message.send' ? command.data.ttl : undefined;
          if (ttl !== null) expect(life ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(ttl);
          if (command?.at === event.at) expect(life).toBe(wish ?? ttl);
        }
      }),
      RUNS,
    );
  });

  it('is not pinned: pins are of messages that are there, by their authors, and not too many', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { log } = happen(tried);
        let state: Conversation = initial;
        for (const [index, event] of log.entries()) {
          state = evolve(state, event);
          if (!stands(state)) continue;
          expect(state.pins.length).toBeLessThanOrEqual(MAX_PINS);
          for (const { seq, author, expiresAt } of state.pins) {
            const message = sentAt(log, seq);
            expect(message?.actor).toBe(author);
            expect(message?.data.expiresAt).toBe(expiresAt);
            expect(isGone(log.slice(0, index + 1), seq)).toBe(false);
          }
        }
      }),
      RUNS,
    );
  });

  it('is over when the conversation is erased: nothing happens after that', () => {
    fc.assert(
      fc.property(commands, (tried) => {
        const { log, state } = happen(tried);
        const erased = log.findIndex(({ type }) => type === 'conversation.erased');
        expect(state.tag === 'erased').toBe(erased >= 0);
        if (erased >= 0) expect(erased).toBe(log.length - 1);
      }),
      RUNS,
    );
  });
});

describe('a log from which deleted messages were taken', () => {
  it('answers, numbers and decides as the whole one does', () => {
    fc.assert(
      fc.property(commands, commands, fc.infiniteStream(fc.boolean()), (tried, next, choice) => {
        const whole = withErased(happen(tried).log, choice);
        const gone = new Set(
          whole.flatMap((event) =>
            event.type === 'message.erased' ? event.data.remains.map(({ seq }) => seq) : [],
          ),
        );
        const before = replay(whole);
        const after = replay(whole.filter(({ seq }) => !gone.has(seq)));
        for (const { actor, commandId, seq } of whole) {
          expect(recallCommand(after.recent, actor, commandId)).toStrictEqual(
            recallCommand(before.recent, actor, commandId),
          );
          expect(recallSeq(after.recent, seq)).toStrictEqual(recallSeq(before.recent, seq));
        }
        // Which of its sources it would forget first is the one thing that it may see otherwise.
        expect(comparable(after)).toStrictEqual(comparable(before));
        for (const command of next) {
          expect(targetSought(after, command)).toBe(targetSought(before, command));
          expect(decide(after, command)).toStrictEqual(decide(before, command));
        }
      }),
      { numRuns: 200 },
    );
  });

  const comparable = (state: Conversation) => ({
    ...(toSnapshot(state) as Readonly<Record<string, unknown>>),
    producers: Object.fromEntries(state.producers),
  });
});

/** The log with what a worker appends about some of the messages that were deleted, where the conversation still stands. */
function withErased(log: readonly Envelope[], choice: Iterator<boolean>): readonly Envelope[] {
  if (log.some(({ type }) => type === 'conversation.erased')) return log;
  const whole = [...log];
  for (const deleted of log) {
    if (deleted.type !== 'message.deleted' || choice.next().value !== true) continue;
    const { seq } = deleted.data;
    const remains = log.filter((event) => tellsOf(event, seq)).map(remainsOf);
    const place = {
      conversationId: deleted.conversationId,
      seq: whole.length + 1,
      at: deleted.at,
      actor: SYSTEM,
      commandId: `erase-${seq}`,
    };
    whole.push(envelop({ type: 'message.erased', data: { seq, remains } }, place));
  }
  return whole;
}

/** Whether what a message says is in an event. */
const tellsOf = (event: Envelope, seq: number): boolean =>
  (event.type === 'message.sent' && event.seq === seq) ||
  (event.type === 'message.edited' && event.data.seq === seq);

function remainsOf(event: Envelope): Remains {
  const { seq, type, version, at, actor, commandId, producer, data } = event;
  const left = { streamSeq: seq, seq, type, version, at, actor, commandId, data: { ...data, body: 'e0.' } };
  return producer === undefined ? left : { ...left, producer };
}
