import { envelop } from '@parley/domain/log/envelope';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Superseded } from './checkpoint.js';
import { projectBatch } from './project-batch.js';
import { renamed, talk } from './testing/big-log.js';
import { logged } from './testing/logged.js';
import { openReadModel, type ReadModel } from './testing/read-model-fixture.js';
import { readTables } from './testing/read-tables.js';
import { timeline } from './timeline/projection.js';

describe('projecting a batch', () => {
  let model: ReadModel;

  beforeAll(async () => {
    model = await openReadModel();
  });
  afterAll(() => model.close());

  /** The next messages of the log. */
  async function next(id: string) {
    const { streamSeq } = await model.checkpoint();
    const events = renamed(talk('x', 8), id);
    return { events, messages: logged(events, streamSeq + 1) };
  }

  const rowsOf = async (id: string) => {
    const tables = await readTables(model.client, 'rm_1');
    return Object.fromEntries(
      Object.entries(tables).map(([name, rows]) => [name, rows.filter((row) => row.conversation_id === id)]),
    );
  };

  it('gives way to whoever has moved the checkpoint, and writes nothing', async () => {
    const from = await model.checkpoint();
    const { messages } = await next('contested');
    await projectBatch(model.target, timeline, from, messages.slice(0, 4));
    const before = await rowsOf('contested');
    await expect(projectBatch(model.target, timeline, from, messages)).rejects.toThrow(Superseded);
    // A batch that only sends is written by one statement, which must give way too.
    await expect(projectBatch(model.target, timeline, from, messages.slice(5))).rejects.toThrow(Superseded);
    expect(await rowsOf('contested')).toEqual(before);
  });

  it('keeps nothing of a batch that fails otherwise, and takes it again', async () => {
    const { events, messages } = await next('again');
    const from = await model.checkpoint();
    const lost = {
      ...(await timeline.prepare(messages, from.withheld)),
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
