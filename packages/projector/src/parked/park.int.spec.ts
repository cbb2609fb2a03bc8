import type { Envelope } from '@parley/domain/log/envelope';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareAhead } from '../prepare-ahead.js';
import { projectBatch } from '../project-batch.js';
import { digestsOf, renamed, talk } from '../testing/big-log.js';
import { logged } from '../testing/logged.js';
import { openReadModel, type ReadModel } from '../testing/read-model-fixture.js';
import { readRows, readTables } from '../testing/read-tables.js';
import { tablesOfLog } from '../testing/tables-of-log.js';
import { timeline } from '../timeline/projection.js';

describe('parking a conversation', () => {
  let model: ReadModel;

  beforeAll(async () => {
    model = await openReadModel();
  });
  afterAll(() => model.close());

  /** Two conversations in turn; some events of the first, by their seq, with other bytes. */
  async function next(id: string, bytes: Readonly<Record<number, string>>, length = 8) {
    const { streamSeq } = await model.checkpoint();
    const [own, other] = [renamed(talk('x', length), id), renamed(talk('x', length), `beside-${id}`)];
    const events = own.flatMap((event, index) => [event, other[index] as Envelope]);
    const messages = logged(events, streamSeq + 1).map((message, index): LoggedMessage => {
      const spoilt = index % 2 === 0 ? bytes[index / 2 + 1] : undefined;
      return spoilt === undefined ? message : { ...message, bytes: Buffer.from(spoilt) };
    });
    return { own, other, messages };
  }

  const project = async (messages: readonly LoggedMessage[]) =>
    projectBatch(model.target, timeline, await model.checkpoint(), messages);

  const letters = (id: string) =>
    readRows(
      model.client,
      `select stream_seq, error, payload from rm_1.dead_letter where subject = 'conv.00.${id}' order by stream_seq`,
    );

  const parked = (id: string) =>
    readRows(
      model.client,
      `select stream_seq, waiting, held from rm_1.parked_conversation where conversation_id = '${id}'`,
    );

  const rowsOf = async (id: string) => {
    const tables = await readTables(model.client, 'rm_1');
    return Object.fromEntries(
      Object.entries(tables).map(([name, rows]) => [name, rows.filter((row) => row.conversation_id === id)]),
    );
  };

  const unknown = (id: string, seq: number) =>
    JSON.stringify({ ...talk(id, seq)[seq - 1], type: 'message.sung' });

  it.each([
    ['that is not JSON', () => '{"id":', 'not JSON'],
    ['that is not UTF-8 text', () => Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'), 'not JSON'],
    ['of a type nobody knows', (id: string) => unknown(id, 3), 'message.sung'],
    [
      'of a version from the future',
      (id: string) => JSON.stringify({ ...talk(id, 3)[2], version: 99 }),
      'version',
    ],
    ['of another conversation', () => JSON.stringify(talk('elsewhere', 3)[2]), 'subject'],
    [
      'whose body has a NUL character',
      (id: string) => JSON.stringify({ ...talk(id, 3)[2], data: { ordinal: 2, body: 'p0.\0' } }),
      'NUL',
    ],
  ])('stops behind an event %s, while the others of the batch go on', async (what, bytesOf, reason) => {
    const id = `poison-${what.replaceAll(/\W/g, '-')}`;
    const bytes = bytesOf(id);
    const { own, other, messages } = await next(id, { 3: bytes });
    const from = await model.checkpoint();
    const { commits } = await project(messages);
    expect(commits).toHaveLength(1);

    const place = messages[4]?.streamSeq;
    expect(await letters(id)).toMatchObject([
      { stream_seq: place, error: expect.stringContaining(reason), payload: Buffer.from(bytes) },
    ]);
    expect(await parked(id)).toEqual([{ stream_seq: place, waiting: 5, held: false }]);
    expect(await rowsOf(id)).toEqual(tablesOfLog(own.slice(0, 2)));
    expect(await rowsOf(`beside-${id}`)).toEqual(tablesOfLog(other));
    const { streamSeq, events } = await model.checkpoint();
    expect({ streamSeq, events: events - from.events }).toEqual({
      streamSeq: messages.at(-1)?.streamSeq,
      events: 2 + other.length,
    });
  });

  it('leaves what comes later in it to the log, in whatever batch, and counts it', async () => {
    const { messages } = await next('later', { 4: unknown('later', 4), 6: 'not JSON either' }, 10);
    for (const at of [0, 5, 6, 7, 13]) await project(messages.slice(at, messages.length));
    await project(messages);
    expect(await parked('later')).toEqual([{ stream_seq: messages[6]?.streamSeq, waiting: 6, held: false }]);
    expect(await letters('later')).toHaveLength(1);
    expect(await rowsOf('later')).toEqual(tablesOfLog(renamed(talk('x', 3), 'later')));
  });

  it.each([1, 8])('stops at once where the poison is event %i', async (seq) => {
    const id = `edge-${seq}`;
    const { messages, other } = await next(id, { [seq]: '{}' });
    await project(messages);
    expect(await parked(id)).toMatchObject([{ waiting: 8 - seq }]);
    expect(await rowsOf(id)).toEqual(tablesOfLog(renamed(talk('x', seq - 1), id)));
    expect(await rowsOf(`beside-${id}`)).toEqual(tablesOfLog(other));
  });

  it('finds an event that the database refuses, among others', async () => {
    await model.client.query(
      `alter table rm_1.message add constraint refused check (body not like '%message 8 of x%' or conversation_id <> 'refused') not valid`,
    );
    const { own, other, messages } = await next('refused', {}, 10);
    const { commits } = await project(messages);
    expect(commits.length).toBeGreaterThan(1);
    expect(await letters('refused')).toMatchObject([{ error: expect.stringContaining('refused') }]);
    expect(await parked('refused')).toMatchObject([{ waiting: 2 }]);
    expect(await rowsOf('refused')).toEqual(tablesOfLog(own.slice(0, 7)));
    expect(await rowsOf('beside-refused')).toEqual(tablesOfLog(other));
    await model.client.query('alter table rm_1.message drop constraint refused');
  });

  it('keeps out what was prepared before the batch in hand parked its conversation', async () => {
    const { messages } = await next('ahead', { 2: unknown('ahead', 2) });
    let checkpoint = await model.checkpoint();
    async function* batches() {
      yield messages.slice(0, 4);
      yield messages.slice(4);
    }
    const prepare = (some: readonly LoggedMessage[]) => timeline.prepare(some, checkpoint.withheld);
    for await (const { messages: some, prepared } of prepareAhead(batches(), prepare, 4)) {
      // The next one is prepared by the time this one is written.
      await new Promise((resolve) => setImmediate(resolve));
      ({ checkpoint } = await projectBatch(model.target, timeline, checkpoint, some, prepared));
    }
    expect(await parked('ahead')).toMatchObject([{ waiting: 6 }]);
    expect(await rowsOf('ahead')).toEqual(tablesOfLog(renamed(talk('x', 1), 'ahead')));
  });

  it('is in no digest, with what waits', async () => {
    const { own, other, messages } = await next('digest', { 5: '[]' });
    const from = await model.checkpoint();
    await project(messages);
    const { digest } = await model.checkpoint();
    const folded = digestsOf([...own.slice(0, 4), ...other], 1)[0] as string;
    const lanes = digest.map((lane, index) => (lane - (from.digest[index] as number)) >>> 0);
    expect(lanes.map((lane) => lane.toString(16).padStart(8, '0')).join('')).toBe(folded);
  });

  it('still writes by one statement what only sends in other conversations', async () => {
    const { messages } = await next('quiet', { 2: '{}' }, 4);
    await project(messages);
    const { streamSeq, withheld } = await model.checkpoint();
    const sends = (await next('quiet', {}, 10)).messages.filter((_, index) => index % 2 === 1).slice(4, 9);
    const moved = sends.map((message, index) => ({ ...message, streamSeq: streamSeq + 1 + index }));
    expect((await timeline.prepare(moved, withheld)).writeAtOnce).toBeDefined();
    const mixed = await timeline.prepare(
      await next('quiet', {}, 4).then(({ messages: all }) => all),
      withheld,
    );
    expect(mixed.writeAtOnce).toBeUndefined();
  });

  it('sees that what waits puts it on legal hold, and that something lifts that', async () => {
    const held = (id: string, seq: number, type: string) =>
      JSON.stringify({ ...talk(id, seq)[seq - 1], type, data: { reason: 'case 7' } });
    const { messages } = await next('held', { 2: '{}', 4: held('held', 4, 'conversation.held') }, 4);
    await project(messages);
    expect(await parked('held')).toMatchObject([{ held: true }]);
    const lifted = await next('held', { 1: held('held', 5, 'conversation.released') }, 1);
    await project(lifted.messages);
    expect(await parked('held')).toMatchObject([{ held: false, waiting: 3 }]);
  });
});
