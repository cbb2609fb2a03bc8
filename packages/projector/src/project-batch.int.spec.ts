import { envelop } from '@parley/domain/log/envelope';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Superseded } from './checkpoint.js';
import { projectBatch } from './project-batch.js';
import { renamed, talk } from './testing/big-log.js';
import { logged } from './testing/logged.js';
import { openReadModel, type ReadModel } from './testing/read-model-fixture.js';
import { readTables } from './testing/read-tables.js';
import { tablesOfLog } from './testing/tables-of-log.js';
import { timeline } from './timeline/projection.js';

describe('projecting a batch', () => {
  let model: ReadModel;

  beforeAll(async () => {
    model = await openReadModel();
  });
  afterAll(() => model.close());

  /** The next messages of the log; some with other bytes than their event's. */
  async function next(id: string, bytes: Readonly<Record<number, string>>, length = 8) {
    const { streamSeq } = await model.checkpoint();
    const events = renamed(talk('x', length), id);
    const messages = logged(events, streamSeq + 1).map((message, index): LoggedMessage => {
      const other = bytes[index + 1];
      return other === undefined ? message : { ...message, bytes: Buffer.from(other) };
    });
    return { events, messages };
  }

  const letters = async (id: string) => {
    const { rows } = await model.client.query<{ error: string; payload: Buffer; stream_seq: string }>(
      'select error, payload, stream_seq from rm_1.dead_letter where subject = $1 order by stream_seq',
      [`conv.00.${id}`],
    );
    return rows;
  };

  const revisionOf = async (id: string) => {
    const { rows } = await model.client.query<{ revision: string }>(
      'select revision from rm_1.conversation where conversation_id = $1',
      [id],
    );
    return Number(rows[0]?.revision);
  };

  const rowsOf = async (id: string) => {
    const tables = await readTables(model.client, 'rm_1');
    return Object.fromEntries(
      Object.entries(tables).map(([name, rows]) => [name, rows.filter((row) => row.conversation_id === id)]),
    );
  };

  it('gives way to whoever has moved the checkpoint, and writes nothing', async () => {
    const from = await model.checkpoint();
    const { messages } = await next('contested', {});
    await projectBatch(model.target, timeline, from, messages.slice(0, 4));
    const before = await rowsOf('contested');
    await expect(projectBatch(model.target, timeline, from, messages)).rejects.toThrow(Superseded);
    // A batch that only sends is written by one statement, which must give way too.
    await expect(projectBatch(model.target, timeline, from, messages.slice(5))).rejects.toThrow(Superseded);
    expect(await rowsOf('contested')).toEqual(before);
  });

  it.each([
    ['that is not JSON', '{"id":', 'not JSON'],
    ['that is not UTF-8 text', Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'), 'not JSON'],
    ['of a type nobody knows', JSON.stringify({ ...talk('x', 3)[2], type: 'message.sung' }), 'message.sung'],
    ['of a version from the future', JSON.stringify({ ...talk('x', 3)[2], version: 99 }), 'version'],
    [
      'of another conversation',
      JSON.stringify({ ...talk('x', 3)[2], conversationId: 'elsewhere' }),
      'subject',
    ],
    [
      'whose body has a NUL character',
      JSON.stringify({ ...talk('x', 3)[2], data: { ordinal: 2, body: 'p0.\0' } }),
      'NUL',
    ],
  ])('parks an event %s; its conversation goes on', async (what, bytes, reason) => {
    const id = `poison-${what.replaceAll(/\W/g, '-')}`;
    const own = bytes.replaceAll('"conversationId":"x"', `"conversationId":"${id}"`);
    const { events, messages } = await next(id, { 3: own });
    const { commits } = await projectBatch(model.target, timeline, await model.checkpoint(), messages);
    expect(commits).toHaveLength(1);

    const [letter, ...others] = await letters(id);
    expect(others).toEqual([]);
    expect(letter?.error).toContain(reason);
    expect(letter?.payload).toEqual(Buffer.from(own));
    const rest = events.filter(({ seq }) => seq !== 3);
    expect(await rowsOf(id)).toEqual(tablesOfLog(rest));
    expect(await model.checkpoint()).toMatchObject({ streamSeq: messages.at(-1)?.streamSeq });
  });

  it('moves the revision past a parked event that is the newest, so that nobody waits for it', async () => {
    const unreadable = JSON.stringify({ ...talk('x', 4)[3], conversationId: 'last', version: 99 });
    const { messages } = await next('last', { 4: unreadable }, 4);
    await projectBatch(model.target, timeline, await model.checkpoint(), messages);
    expect(await revisionOf('last')).toBe(4);
  });

  it('keeps a conversation whose beginning could not be read, without a kind', async () => {
    const { messages } = await next('headless', { 1: '{}' }, 4);
    await projectBatch(model.target, timeline, await model.checkpoint(), messages);
    const { conversation, message } = await rowsOf('headless');
    expect(conversation).toMatchObject([{ kind: null, revision: 4, messages: 3 }]);
    expect(message).toHaveLength(3);
  });

  it('finds an event that the database refuses, parks it and keeps the others', async () => {
    await model.client.query(
      `alter table rm_1.message add constraint refused check (body not like '%message 8 of x%') not valid`,
    );
    const { events, messages } = await next('refused', {}, 10);
    const { commits } = await projectBatch(model.target, timeline, await model.checkpoint(), messages);
    expect(commits.length).toBeGreaterThan(1);
    expect(await letters('refused')).toMatchObject([{ error: expect.stringContaining('refused') }]);
    expect(await rowsOf('refused')).toEqual(tablesOfLog(events.filter(({ seq }) => seq !== 8)));
    expect(await model.checkpoint()).toMatchObject({ streamSeq: messages.at(-1)?.streamSeq });
    await model.client.query('alter table rm_1.message drop constraint refused');
  });

  it('keeps nothing of a batch that fails otherwise, and takes it again', async () => {
    const { events, messages } = await next('again', {});
    const from = await model.checkpoint();
    const lost = {
      ...(await timeline.prepare(messages)),
      write: () => Promise.reject(new Error('connection lost')),
    };
    await expect(projectBatch(model.target, timeline, from, messages, lost)).rejects.toThrow(
      'connection lost',
    );
    expect(await model.checkpoint()).toEqual(from);
    await projectBatch(model.target, timeline, from, messages);
    expect((await rowsOf('again')).message).toHaveLength(
      events.filter(({ type }) => type === 'message.sent').length,
    );
  });

  it('tells who entered and who left, by name or by ban', async () => {
    const place = (seq: number) => ({
      conversationId: 'club',
      seq,
      at: seq,
      actor: 'ann',
      commandId: `c-${seq}`,
    });
    const member = (user: string) => ({ user, role: 'member' as const, banHash: `h-${user}` });
    const first = [
      envelop(
        {
          type: 'conversation.created',
          data: { kind: 'group', ttl: null, members: ['ann', 'ben', 'cem'].map(member) },
        },
        place(1),
      ),
    ];
    const second = [
      envelop({ type: 'member.banned', data: { banHash: 'h-ben' } }, place(2)),
      envelop({ type: 'member.removed', data: { users: ['cem'] } }, place(3)),
      envelop({ type: 'member.added', data: { members: [member('cem'), member('dan')] } }, place(4)),
    ];
    const project = async (events: typeof first) => {
      const from = await model.checkpoint();
      return projectBatch(model.target, timeline, from, logged(events, from.streamSeq + 1));
    };
    const [created] = (await project(first)).commits;
    expect(created?.written.entered.map(({ user }) => user).toSorted()).toEqual(['ann', 'ben', 'cem']);
    const [changed] = (await project(second)).commits;
    expect(changed?.written.left).toMatchObject([{ conversationId: 'club', user: 'ben' }]);
    expect(changed?.written.entered.map(({ user }) => user).toSorted()).toEqual(['cem', 'dan']);
  });
});
