import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { forgetHome } from '@parley/infra/embedded/forget-home';
import { type Stack, startStack } from '@parley/infra/embedded/stack';
import { append } from '@parley/infra/log/append';
import {
  lastOfConversation,
  readConversation,
  type StoredEvent,
} from '@parley/infra/log/conversation-reader';
import { logText } from '@parley/infra/log/log-text';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { migrate } from '@parley/infra/read-model/migrate';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { type ServiceProcess, startService } from '@parley/infra/testing/service-process';
import { storeLog } from '@parley/infra/testing/store-log';
import { waitFor } from '@parley/infra/testing/wait-for';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mortal, readLog, tombstones } from '../testing/mortal-log.js';

const PARTITIONS = 4;

/** Real processes over servers of their own, because both are stopped in the middle of their work. */
describe('projectors let what is due expire', { timeout: 120_000 }, () => {
  let home: string;
  let stack: Stack;
  let nats: NatsConnection;
  let pool: pg.Pool;
  let projectors: ServiceProcess[] = [];
  let tests = 0;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'parley-expiry-'));
    stack = await startStack({ home, syncAlways: false, useEnvironment: false });
    nats = await connectNats(stack.nats, 'expiry-spec');
    await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
    await migrate(stack.database);
    // Postgres is stopped and started: the next question connects again.
    pool = new pg.Pool({ connectionString: stack.database, max: 1 });
    pool.on('error', () => undefined);
  });
  afterEach(async () => {
    await Promise.all(projectors.map((projector) => projector.end('SIGKILL')));
    projectors = [];
  });
  afterAll(async () => {
    await nats.close();
    await pool.end();
    await stack.stop();
    await forgetHome(home);
  });

  async function start(): Promise<ServiceProcess> {
    const projector = await startService('projector', {
      NATS_URL: stack.nats,
      DATABASE_URL: stack.database,
      REDIS_URL: stack.redis,
      PARLEY_PARTITIONS: String(PARTITIONS),
      PARLEY_MASTER_KEYS: TEST_MASTER_KEYS,
      PARLEY_LOG_LEVEL: process.env.PARLEY_LOG_LEVEL ?? 'silent',
    });
    projectors.push(projector);
    return projector;
  }

  /** Conversations of ten messages, which are due one after the other within `span` ms from `first` on. */
  async function given(conversations: number, first: number, span: number): Promise<string> {
    const prefix = `t${++tests}-`;
    const events = Array.from({ length: conversations }, (_, n) =>
      mortal(
        `${prefix}${n}`,
        Date.now(),
        Array.from(
          { length: 10 },
          (_, m) => first + Math.floor(((m * conversations + n) * span) / (conversations * 10)),
        ),
      ),
    );
    for (let from = 0; from < events.length; from += 500)
      await storeLog(nats, events.slice(from, from + 500).flat(), PARTITIONS);
    return prefix;
  }

  const eventsOf = async (prefix: string): Promise<readonly Envelope[]> =>
    (await readLog(nats, PARTITIONS)).filter(({ conversationId }) => conversationId.startsWith(prefix));

  /** Waits until everything has a tombstone, in the log and the rows, and sees that it has one alone, and not too early. */
  async function expectEachOnce(prefix: string, messages: number): Promise<void> {
    await waitFor(async () => (await inRows(prefix)) === messages, {
      what: 'all tombstones in the rows',
      timeout: 90_000,
    });
    const { times, early } = tombstones(await eventsOf(prefix));
    expect(times.size).toBe(messages);
    expect([...times].filter(([, count]) => count !== 1)).toEqual([]);
    expect(early).toEqual([]);
  }

  /** Messages that the rows know to be over. */
  const inRows = (prefix: string): Promise<number> =>
    count(
      `select count(*)::int as count from rm_1.message where expired and conversation_id like '${prefix}%'`,
    );

  const owned = (): Promise<number> =>
    count(`select count(*)::int as count from pg_locks where locktype = 'advisory' and granted`);

  const count = async (text: string): Promise<number> =>
    (await pool.query<{ count: number }>(text)).rows[0]?.count ?? 0;

  it('once, whenever they are killed', async () => {
    const prefix = await given(300, Date.now() + 1_000, 12_000);
    const until = Date.now() + 12_000;
    while (Date.now() < until) {
      const projector = await start();
      await sleep(Math.random() * 2_000);
      await projector.end('SIGKILL');
    }
    await start();
    await expectEachOnce(prefix, 3_000);
  });

  it('once, where two share the partitions and one of them is frozen for longer than its lease', async () => {
    const frozen = await start();
    await waitFor(async () => (await owned()) === PARTITIONS * 2, { what: 'everything at the first' });
    const prefix = await given(200, Date.now() + 1_000, 20_000);
    await sleep(2_000);
    frozen.signal('SIGSTOP');
    await start();
    const before = await inRows(prefix);
    await waitFor(async () => (await inRows(prefix)) > before + 500, {
      what: 'the other to go on',
      timeout: 60_000,
    });
    frozen.signal('SIGCONT');
    await expectEachOnce(prefix, 2_000);
  });

  it('that became due while none was there, a hundred thousand of them', async () => {
    const prefix = await given(10_000, Date.now() - 3_600_000, 3_600_000);
    await start();
    await expectEachOnce(prefix, 100_000);
  });

  it('when Postgres and NATS come back', async () => {
    await start();
    const prefix = await given(100, Date.now() + 500, 6_000);
    await sleep(1_500);
    await stack.stopServer('postgres');
    await sleep(1_000);
    await stack.startServer('postgres');
    await sleep(1_000);
    await stack.stopServer('nats');
    await stack.startServer('nats');
    await waitFor(() => nats.flush().then(() => true), { what: 'the connection' });
    await expectEachOnce(prefix, 1_000);
  });

  it('in a conversation in which somebody writes without a pause', async () => {
    await start();
    const conversationId = `t${++tests}-busy`;
    const window = openPublishWindow(nats);
    const jsm = await jetstreamManager(nats, { checkAPI: false });
    const place = placeOf(conversationId, PARTITIONS);
    await storeLog(nats, mortal(conversationId, Date.now(), [Date.now() + 1_000]), PARTITIONS);
    let [expected, written, isOver] = [(await lastOfConversation(jsm, place))?.streamSeq ?? 0, 2, false];
    const reacted = (removed: boolean) =>
      ({ type: 'message.reacted', data: { seq: 2, emoji: '+1', removed } }) as const;
    const writing = (async () => {
      while (!isOver) {
        const seq = written + 1;
        const at = { conversationId, seq, at: Date.now(), actor: 'ben', commandId: `w-${seq}` };
        const payload = logText(envelop(reacted(seq % 2 === 0), at));
        const messageId = `${conversationId}-${seq}`;
        const stored = await append(window, { place, payload, expected, messageId });
        if (stored.tag === 'stored') [expected, written] = [stored.streamSeq, seq];
        else {
          const last = (await lastOfConversation(jsm, place)) as StoredEvent;
          [expected, written] = [last.streamSeq, (last.json as Envelope).seq];
        }
      }
    })();
    // Of this conversation alone: the log has a hundred thousand events of the tests before.
    const expired = async (): Promise<Envelope | undefined> => {
      for await (const { json } of readConversation(jsm, place))
        if ((json as Envelope).type === 'message.expired') return json as Envelope;
      return undefined;
    };
    const tombstone = await waitFor(expired, { what: 'the tombstone amid the others', timeout: 20_000 });
    const before = written;
    await waitFor(() => written > before, { what: 'the writing to go on' });
    isOver = true;
    await writing;
    window.close();
    expect(tombstone.data).toEqual({ ranges: [[2, 2]] });
    expect(tombstone.seq).toBeGreaterThan(3);
  });
});
