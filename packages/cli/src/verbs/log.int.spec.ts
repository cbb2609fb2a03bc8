import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Envelope } from '@parley/domain/log/envelope';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { bigLog } from '@parley/projector/testing/big-log';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

const PARTITIONS = 2;
const events: readonly Envelope[] = bigLog(40);
const ids = new Set(events.map(({ conversationId }) => conversationId));

let environment: TestEnvironment;
let nats: NatsConnection;
let jsm: JetStreamManager;

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  jsm = await jetstreamManager(nats);
});
afterAll(async () => {
  await nats?.close();
  await environment?.dispose();
});

const log = (...args: readonly string[]) => runCli(['log', ...args], { NATS_URL: environment.natsUrl });

/** Where an event is in its stream. */
async function streamSeqOf(conversationId: string, seq: number): Promise<number> {
  const { stream, subject } = placeOf(conversationId, PARTITIONS);
  for (let from = 1; ; ) {
    const message = await jsm.direct.getMessage(stream, { seq: from, next_by_subj: subject });
    if (message === null) throw new Error(`${conversationId}:${seq} is not in the log`);
    if (message.json<Envelope>().seq === seq) return message.seq;
    from = message.seq + 1;
  }
}

describe('log', () => {
  it('says that there is none', async () => {
    for (const verb of ['inspect', 'verify'])
      expect(await log(verb)).toMatchObject({
        code: exitCodes.noInput,
        err: expect.stringContaining('has no log of Parley'),
      });
  });

  it('says what it consists of', async () => {
    await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
    expect((await log('inspect')).out).toContain('no conversation yet');
    await storeLog(nats, events, PARTITIONS);

    const counts = [...Map.groupBy(events, ({ conversationId }) => conversationId)].map(([id, some]) => ({
      conversationId: id,
      partition: placeOf(id, PARTITIONS).partition,
      events: some.length,
    }));
    const biggest = counts
      .toSorted((a, b) => b.events - a.events || (a.conversationId < b.conversationId ? -1 : 1))
      .slice(0, 5);
    const { code, out } = await log('inspect', '--top', '5', '--json');
    const facts = JSON.parse(out);
    expect(code).toBe(0);
    expect(facts.biggest.map(({ events: count }: { events: number }) => count)).toEqual(
      biggest.map(({ events: count }) => count),
    );
    for (const each of facts.biggest) expect(counts).toContainEqual(each);
    expect(facts.conversations).toMatchObject([
      { stream: 'CONV_00', first: 1, takenOut: 0, current: 1 },
      { stream: 'CONV_01', first: 1, takenOut: 0, current: 1 },
    ]);
    const sum = (of: 'messages' | 'subjects') =>
      facts.conversations.reduce((total: number, each: Record<string, number>) => total + (each[of] ?? 0), 0);
    expect(sum('messages')).toBe(events.length);
    expect(sum('subjects')).toBe(ids.size);

    const told = await log('inspect', '--top', '1');
    expect(told.out).toContain(biggest[0]?.conversationId);
    expect(told.out).toMatch(/CONV_00 .*KiB/);
    expect(await log('inspect', '--top', 'many')).toMatchObject({ code: exitCodes.usage });
  });

  it('is whole', async () => {
    expect(await log('verify')).toMatchObject({
      code: 0,
      out: expect.stringContaining(
        `whole: ${events.length.toLocaleString('en-US')} events of ${ids.size} conv`,
      ),
    });
    const { out, err } = await log('verify', '--json');
    expect(JSON.parse(out)).toMatchObject({ events: events.length, conversations: ids.size, findings: [] });
    expect(err).toBe('');
  });

  it('is not whole any more, and says where', async () => {
    const lost = await streamSeqOf('long-3', 20);
    await jsm.streams.deleteMessage(placeOf('long-3', PARTITIONS).stream, lost, false);
    const odd = placeOf('long-4', PARTITIONS);
    const put = async (text: string) => {
      const ack = await nats.request(odd.subject, text);
      return ack.json<{ seq: number }>().seq;
    };
    const newest = events.findLast(({ conversationId }) => conversationId === 'long-4') as Envelope;
    const next = { ...newest, seq: newest.seq + 1, id: `long-4:${newest.seq + 1}` };
    const [strange, broken, again] = [
      await put(JSON.stringify({ ...next, type: 'message.sung', version: 1, data: {} })),
      await put('no json'),
      await put(JSON.stringify(newest)),
    ];

    const { code, out } = await log('verify', '--json');
    const { found, findings } = JSON.parse(out);
    expect(code).toBe(exitCodes.unhealthy);
    expect(found).toEqual({ unreadable: 2, misplaced: 0, repeated: 1, missing: 1, incomplete: 0 });
    expect(findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'missing', of: 'long-3', what: 'long-3:20 is missing' }),
        expect.objectContaining({
          kind: 'unreadable',
          stream: odd.stream,
          streamSeq: strange,
          what: 'type: nobody knows the event message.sung',
        }),
        expect.objectContaining({ kind: 'unreadable', streamSeq: broken, what: 'it is not JSON' }),
        expect.objectContaining({ kind: 'repeated', streamSeq: again, of: 'long-4' }),
      ]),
    );
    expect(await log('verify')).toMatchObject({
      code: exitCodes.unhealthy,
      out: expect.stringContaining('not whole: 2 unreadable, 1 repeated, 1 missing'),
    });
  });

  it('names the conversations whose beginning it has lost', async () => {
    const stream = 'CONV_00';
    const before = events.filter(
      ({ conversationId }) => placeOf(conversationId, PARTITIONS).stream === stream,
    );
    const cut = 200;
    await jsm.streams.purge(stream, { seq: cut + 1 });
    const kept = new Set(before.slice(cut).map(({ conversationId }) => conversationId));
    const incomplete = new Set(
      before
        .slice(0, cut)
        .map(({ conversationId }) => conversationId)
        .filter((id) => kept.has(id)),
    );
    expect(incomplete.size).toBeGreaterThan(5);

    const { out } = await log('verify', '--json');
    const named = JSON.parse(out).findings.filter(({ kind }: { kind: string }) => kind === 'incomplete');
    expect(new Set(named.map(({ of }: { of: string }) => of))).toEqual(incomplete);
    expect((await log('inspect')).out).toContain(`${stream} begins at ${cut + 1}`);
  });
});
