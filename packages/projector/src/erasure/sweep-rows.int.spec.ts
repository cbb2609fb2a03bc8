import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReadModel, type ReadModel, schema } from '../testing/read-model-fixture.js';
import { keepSweeping } from './keep-sweeping.js';
import { sweepRows, unswept } from './sweep-rows.js';

let model: ReadModel;
beforeAll(async () => {
  model = await openReadModel();
});
afterAll(() => model.close());

/** A conversation with so many messages, each with a reaction, and one receipt. */
async function given(conversationId: string, erasedAt: number | null, messages: number): Promise<void> {
  const { client } = model;
  await client.query(
    `insert into rm_1.conversation (conversation_id, kind, revision, last_activity_at, erased_at) values ($1, 'group', 9, 9, $2)`,
    [conversationId, erasedAt],
  );
  await client.query(
    `insert into rm_1.message (conversation_id, seq, ordinal, author, at, reactions, body)
     select $1, n, n, 'ann', n, 1, 's1.m2023-11.x' from generate_series(1, $2::int) n`,
    [conversationId, messages],
  );
  await client.query(
    `insert into rm_1.reaction (conversation_id, seq, emoji, user_id) select $1, n, '+1', 'ben' from generate_series(1, $2::int) n`,
    [conversationId, messages],
  );
  await client.query(
    `insert into rm_1.receipt (conversation_id, user_id, delivered, read, at) values ($1, 'ben', 1, 1, 1)`,
    [conversationId],
  );
}

async function rowsOf(conversationId: string): Promise<number> {
  const { rows } = await model.client.query<{ count: string }>(
    `select (select count(*) from rm_1.message where conversation_id = $1)
      + (select count(*) from rm_1.reaction where conversation_id = $1)
      + (select count(*) from rm_1.receipt where conversation_id = $1) as count`,
    [conversationId],
  );
  return Number(rows[0]?.count);
}

describe('rows of an erased conversation', () => {
  it('are removed, however many, and those of others stay', async () => {
    await given('erased', 7, 11_000);
    await given('open', null, 10);
    expect(await sweepRows(model.client, schema, 'erased')).toBe(true);
    expect(await rowsOf('erased')).toBe(0);
    expect(await sweepRows(model.client, schema, 'erased')).toBe(true);
    expect(await sweepRows(model.client, schema, 'open')).toBe(false);
    expect(await sweepRows(model.client, schema, 'nowhere')).toBe(false);
    expect(await rowsOf('open')).toBe(21);
  });

  it('are found and swept where a rebuild made them again', async () => {
    await given('again', 7, 20);
    expect(await unswept(model.client, schema, 10)).toEqual(['again']);
    const found: number[] = [];
    const stop = new AbortController();
    const log = createLog('projector', 'silent');
    const onFound = (conversations: number) => void found.push(conversations);
    const sweeping = keepSweeping({ database: model.client, schema, log, onFound }, stop.signal);
    await waitFor(async () => (await rowsOf('again')) === 0, { what: 'the rows to go' });
    stop.abort();
    await sweeping;
    expect(found).toEqual([1]);
    expect(await unswept(model.client, schema, 10)).toEqual([]);
    expect(await rowsOf('open')).toBe(21);
  });
});
