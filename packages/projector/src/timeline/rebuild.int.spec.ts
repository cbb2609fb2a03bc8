import type { ConversationEvent } from '@parley/domain/conversation/events';
import { envelop } from '@parley/domain/log/envelope';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint.js';
import { projectBatch } from '../project-batch.js';
import { type ErasedLog, eraseInLog, type Placed } from '../testing/erase-in-log.js';
import { logged } from '../testing/logged.js';
import { readPlaces } from '../testing/naive-places.js';
import { emptyTables, openReadModel, type ReadModel, schema, share } from '../testing/read-model-fixture.js';
import { readRows, readTables } from '../testing/read-tables.js';
import { tablesOfLog } from '../testing/tables-of-log.js';
import { timeline } from './projection.js';

describe('a log from which messages were erased', { timeout: 120_000 }, () => {
  let model: ReadModel;

  beforeAll(async () => {
    model = await openReadModel();
  });
  afterAll(() => model.close());

  /** The rows of a log, built from nothing, cut after each of these messages. */
  async function build(log: readonly Placed[], cuts: readonly number[]) {
    const { client } = model;
    await emptyTables(client);
    const messages = logged(log.map(({ event }) => event)).map((message, index) => ({
      ...message,
      streamSeq: (log[index] as Placed).streamSeq,
    }));
    let checkpoint = await readCheckpoint(client, schema, share);
    for (const cut of [...cuts.toSorted((a, b) => a - b), messages.length]) {
      const batch = messages.slice(0, cut).filter(({ streamSeq }) => streamSeq > checkpoint.streamSeq);
      ({ checkpoint } = await projectBatch(model.target, timeline, checkpoint, batch));
    }
    return {
      checkpoint,
      tables: await readTables(client, schema),
      places: await readPlaces(client, schema),
      gaps: await readRows(client, `select stream_seq, last from ${schema}.gap`),
    };
  }

  const cuts = fc.array(fc.nat({ max: 80 }), { maxLength: 8, size: 'max' });

  it('gives the same rows, count and digest as while they were there, whichever are gone by now', async () => {
    await fc.assert(
      fc.asyncProperty(erasures, cuts, fc.nat({ max: 12 }), async ({ whole, emptied }, cutAt, pending) => {
        const live = await build(whole, cutAt);
        expect(live.gaps).toEqual([]);
        for (const gone of [emptied, emptied.slice(0, -1 - pending)]) {
          const left = whole.filter(({ streamSeq }) => !gone.includes(streamSeq));
          expect(await build(left, cutAt)).toEqual(live);
          expect(tablesOfLog(left.map(({ event }) => event))).toEqual(live.tables);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('shows what is missing and was not erased', async () => {
    const { whole, emptied } = [2, 4].reduce(
      (log, seq) => eraseInLog(log, 'a', seq),
      doneIn('a', ['created', 'sent', 'sent', 'sent', ['message.deleted', 2], ['message.deleted', 4]]),
    );
    expect(emptied).toEqual([2, 4]);
    const left = whole.filter(({ streamSeq }) => streamSeq !== 3 && !emptied.includes(streamSeq));
    expect((await build(left, [])).gaps).toEqual([{ stream_seq: 3, last: 3 }]);
    expect((await build(left, [1, 2])).gaps).toEqual([{ stream_seq: 3, last: 3 }]);
  });
});

type Deed = 'created' | 'sent' | readonly [type: ConversationEvent['type'] | 'erase', target: number];

const doneIn = (conversationId: string, deeds: readonly Deed[]): ErasedLog =>
  deeds.reduce((log, deed) => done(log, { conversationId, deed, actor: 'ann', flag: false }), nothing);

const nothing: ErasedLog = { whole: [], emptied: [] };

type Done = {
  readonly conversationId: string;
  readonly deed: Deed;
  readonly actor: string;
  readonly flag: boolean;
};

/** One more event, or what the worker does about a message that was deleted. */
function done(log: ErasedLog, { conversationId, deed, actor, flag }: Done): ErasedLog {
  const [type, target] = typeof deed === 'string' ? [deed, 0] : deed;
  const own = log.whole.filter(({ event }) => event.conversationId === conversationId);
  if (own.some(({ event }) => event.type === 'conversation.erased')) return log;
  if (type === 'erase') return eraseInLog(log, conversationId, target);
  const seq = own.length + 1;
  const streamSeq = log.whole.length + 1;
  const ordinal = own.filter(({ event }) => event.type === 'message.sent').length + 1;
  const body = `s1.m2023-11.${String(streamSeq).padStart(32, 'n')}sealed`;
  const members = ['ann', 'ben', 'cem'].map((user) => ({ user, role: 'owner' as const, banHash: user }));
  const data = {
    created: () => ({ kind: 'group', ttl: null, members }),
    sent: () => ({
      ordinal,
      body,
      ...(flag ? { expiresAt: 1_800_000_000_000 + seq } : {}),
      ...(seq > 2 ? { replyTo: 2 + (streamSeq % (seq - 2)) } : {}),
    }),
    'message.edited': () => ({ seq: target, body }),
    'message.deleted': () => ({ seq: target }),
    'message.reacted': () => ({ seq: target, emoji: flag ? '+1' : '-1', removed: seq % 3 === 0 }),
    'message.expired': () => ({ ranges: [[target, flag ? target : target + 2]] }),
    'message.pinned': () => ({ seq: target, author: actor }),
    'message.unpinned': () => ({ seq: target }),
    'member.erased': () => ({ user: flag ? 'ann' : 'cem' }),
    'conversation.erased': () => ({}),
    'conversation.expirySet': () => ({ expiresAt: flag ? 1_800_000_000_000 : null }),
  }[type as 'sent']();
  const name = { created: 'conversation.created', sent: 'message.sent' }[type as string] ?? type;
  const place = { conversationId, seq, at: 1_700_000_000_000 + streamSeq, actor, commandId: `c-${seq}` };
  const event = envelop({ type: name, data } as ConversationEvent, place);
  return { ...log, whole: [...log.whole, { streamSeq, event }] };
}

/** Messages of a few conversations to which everything is done, over and over, also to those that are gone. */
const erasures = fc
  .array(
    fc.record({
      conversationId: fc.constantFrom('a', 'b'),
      deed: fc.oneof(
        { weight: 1, arbitrary: fc.constant<Deed>(['conversation.erased', 0]) },
        { weight: 40, arbitrary: fc.constant<Deed>('sent') },
        {
          weight: 60,
          arbitrary: fc.tuple(
            fc.constantFrom<ConversationEvent['type'] | 'erase'>(
              'message.edited',
              'message.deleted',
              'message.deleted',
              'message.reacted',
              'message.expired',
              'message.pinned',
              'message.unpinned',
              'member.erased',
              'conversation.expirySet',
              'erase',
              'erase',
            ),
            fc.integer({ min: 2, max: 8 }),
          ),
        },
      ),
      actor: fc.constantFrom('ann', 'ben'),
      flag: fc.boolean(),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((deeds) =>
    deeds.reduce(
      done,
      ['a', 'b'].reduce(
        (log, conversationId) => done(log, { conversationId, deed: 'created', actor: 'ann', flag: false }),
        nothing,
      ),
    ),
  );
