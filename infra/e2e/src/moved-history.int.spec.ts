import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { isOver } from '@parley/domain/conversation/access';
import { stands } from '@parley/domain/conversation/state';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { closedIn } from '@parley/domain/sealing/closed';
import { commands } from '@parley/domain/testing/arbitraries';
import { NOON } from '@parley/domain/testing/commands';
import { happen } from '@parley/domain/testing/history';
import { signingKey } from '@parley/infra/erasure/proof/certificate';
import { consumeBatches } from '@parley/infra/log/consume';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { placeOf, streamName } from '@parley/infra/log/subjects';
import { migrate } from '@parley/infra/read-model/migrate';
import { openTransferStack, type TransferStack } from '@parley/infra/testing/transfer-stack';
import { exportConversation } from '@parley/infra/transfer/export-conversation';
import { foldGone } from '@parley/infra/transfer/gone';
import { importConversation } from '@parley/infra/transfer/import-conversation';
import { type Checkpoint, readCheckpoint } from '@parley/projector/checkpoint';
import { projectBatch } from '@parley/projector/project-batch';
import { eraseInLog, type Placed } from '@parley/projector/testing/erase-in-log';
import { readTables } from '@parley/projector/testing/read-tables';
import { timeline } from '@parley/projector/timeline/projection';
import fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** MOVED_SEED repeats a run; MOVED_HISTORIES makes it longer. */
const seed = Number(process.env.MOVED_SEED ?? Date.now() % 1_000_000);
const histories = Number(process.env.MOVED_HISTORIES ?? 40);

/** When all of it has happened. */
const AFTER = NOON + 2 * 86_400_000;
const now = () => AFTER;

const PASSPHRASE = Buffer.from('correct horse battery staple');

let here: TransferStack;
let there: TransferStack;
let directory: string;

beforeAll(async () => {
  [here, there] = await Promise.all([openTransferStack(2, 1), openTransferStack(3, 2)]);
  directory = await mkdtemp(join(tmpdir(), 'parley-histories-'));
});
afterAll(async () => {
  await here?.close();
  await there?.close();
  await rm(directory, { recursive: true, force: true });
});

async function placed(stack: TransferStack, conversationId: string): Promise<readonly Placed[]> {
  const found: Placed[] = [];
  for await (const { json, streamSeq } of readConversation(
    stack.jsm,
    placeOf(conversationId, stack.partitions),
  )) {
    const event = decodeEnvelope(json);
    if (E.isRight(event)) found.push({ streamSeq, event: event.right });
  }
  return found;
}

/** Every deleted message of one in two conversations is taken out of the log. */
async function eraseDeleted(conversationId: string): Promise<void> {
  for (const { event } of await placed(here, conversationId)) {
    if (event.type !== 'message.deleted') continue;
    const whole = await placed(here, conversationId);
    const after = eraseInLog({ whole, emptied: [] }, conversationId, event.data.seq);
    await here.store(after.whole.slice(whole.length).map((each) => each.event));
    const { stream } = placeOf(conversationId, here.partitions);
    for (const streamSeq of after.emptied) await here.jsm.streams.deleteMessage(stream, streamSeq, true);
  }
}

/** Rows of all that a stack's log has, without what differs by stack. */
async function rowsOf(stack: TransferStack) {
  await migrate(stack.environment.databaseUrl);
  const client = new pg.Client(stack.environment.databaseUrl);
  await client.connect();
  try {
    for (let partition = 0; partition < stack.partitions; partition++) {
      const share = { projection: 'timeline', partition } as const;
      let checkpoint: Checkpoint = await readCheckpoint(client, 'rm_1', share);
      const batches = consumeBatches(jetstream(stack.nats), streamName(partition), 0, { follow: false });
      for await (const batch of batches)
        ({ checkpoint } = await projectBatch({ client, schema: 'rm_1', share }, timeline, checkpoint, batch));
    }
    const tables = await readTables(client, 'rm_1');
    return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, rows.map(ofAnyStack)]));
  } finally {
    await client.end();
  }
}

/** Whether something is sealed, not what that looks like; nor how people are hashed. */
function ofAnyStack({ body, title, ban_hash: _, ...row }: Readonly<Record<string, unknown>>) {
  const bucketOf = (opaque: unknown) => (typeof opaque === 'string' ? opaque.split('.')[1] : opaque);
  return { ...row, body: bucketOf(body), title: bucketOf(title) };
}

const opened = async ({ vault }: TransferStack, event: Envelope) => {
  const closed = closedIn(event);
  const [found] = closed === undefined ? [] : await vault.open([closed]);
  return found?.tag === 'open' ? found.json : found?.tag;
};

describe(`histories that were moved (seed ${seed})`, () => {
  it('are the same rows there, and say the same, but for what was over by then', async () => {
    const logs = fc.sample(commands, { seed, numRuns: histories }).map((each) => happen(each));
    const moved: string[] = [];
    for (const [index, { log, state }] of logs.entries()) {
      if (!stands(state) || isOver(state.expiresAt, AFTER)) continue;
      const conversationId = `${log[0]?.conversationId}-${index}`;
      await here.store(
        log.map((event) => ({ ...event, conversationId, id: `${conversationId}:${event.seq}` })),
      );
      if (index % 2 === 0) await eraseDeleted(conversationId);
      moved.push(conversationId);
    }
    expect(moved.length).toBeGreaterThan(histories / 4);

    for (const conversationId of moved) {
      const path = join(directory, conversationId);
      const keys = { vault: here.vault, passphrase: PASSPHRASE, hardness: { passes: 1, memory: 8_192 } };
      const { digest } = await exportConversation(
        { ...here, now },
        { conversationId, signingKey: signingKey(Buffer.alloc(32, 7)), keys },
        (text) => appendFile(path, text),
      );
      const options = { passphrase: PASSPHRASE };
      expect(await importConversation({ ...there, now }, path, options)).toMatchObject({ digest });

      const before = new Map((await placed(here, conversationId)).map(({ event }) => [event.seq, event]));
      const after = (await placed(there, conversationId)).map(({ event }) => event);
      const gone = foldGone();
      for (const event of after) gone.add(event);
      for (const event of after) {
        const source = before.get(event.seq);
        const expected =
          source === undefined || gone.has(event, AFTER) ? undefined : await opened(here, source);
        if (closedIn(event) !== undefined)
          expect(await opened(there, event), event.id).toBe(expected ?? 'gone');
      }
    }
    const [rows, moves] = [await rowsOf(here), await rowsOf(there)];
    expect(rows.conversation?.length).toBe(moved.length);
    // A call that goes on where it came from has ended there, with the last event that came.
    const ended = new Map<unknown, number | undefined>();
    for (const id of moved) ended.set(id, (await placed(here, id)).at(-1)?.event.at);
    const until = (column: string, row: Readonly<Record<string, unknown>>) => ({
      ...row,
      [column]: row[column] ?? ended.get(row.conversation_id),
    });
    expect(moves).toEqual({
      ...rows,
      call: rows.call?.map((row) => until('ended_at', row)),
      call_stay: rows.call_stay?.map((row) => until('left_at', row)),
    });
  }, 120_000);
});
