import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { partitionOf } from '@parley/domain/log/partition';
import { created, envelopes, happened, type Past } from '@parley/domain/testing/given';
import { placeOf, streamName } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { startCli } from '@parley/infra/testing/cli-process';
import { TEST_MASTER_KEY, TEST_MASTER_KEYS } from '@parley/infra/testing/master-key';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openVault } from '@parley/infra/vault/open-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

const PARTITIONS = 4;
const HOUR = 3_600_000;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'query-'));
});
afterAll(() => rm(directory, { recursive: true }));

type Log = {
  readonly environment: TestEnvironment;
  readonly nats: NatsConnection;
  readonly store: (events: readonly Envelope[]) => Promise<void>;
  readonly ask: (...args: readonly string[]) => ReturnType<typeof runCli>;
};

/** A log of its own, and how it is asked; temporary files of the questions go to `directory`. */
async function openTestLog(): Promise<Log> {
  const environment = await testEnvironment();
  const nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  const env = { NATS_URL: environment.natsUrl, PARLEY_MASTER_KEYS: TEST_MASTER_KEYS, TMPDIR: directory };
  return {
    environment,
    nats,
    store: (events) => storeLog(nats, events, PARTITIONS),
    ask: (...args) => runCli(['query', ...args], env),
  };
}

async function closeTestLog(log: Log | undefined): Promise<void> {
  await log?.nats.close();
  await log?.environment.dispose();
}

/** Events of a conversation that has this name, the newest one now. */
const logOf = (conversationId: string, past: readonly Past[]): readonly Envelope[] => {
  const shift = Date.now() - (envelopes(past).at(-1)?.at ?? 0);
  return envelopes(past).map((event) => envelop(event, { ...event, conversationId, at: event.at + shift }));
};

const rowsOf = (out: string): readonly Record<string, unknown>[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('query', { timeout: 60_000 }, () => {
  let log: Log;
  let stored: readonly Envelope[];
  const json = async (sql: string, ...flags: readonly string[]) => {
    const { code, out, err } = await log.ask(sql, '--json', ...flags);
    expect([code, err]).toEqual([0, '']);
    return rowsOf(out);
  };

  beforeAll(async () => {
    log = await openTestLog();
    const vault = await openVault({ nats: log.nats, masterKeys: [TEST_MASTER_KEY] });
    const sealed = async (conversationId: string, seq: number, text: string) => {
      const place = { conversationId, seq, author: 'ann' };
      const body = await vault.seal(place, 'm2026-11', JSON.stringify({ kind: 'text', text }));
      if (body._tag === 'Left') throw new Error(body.left.tag);
      return body.right;
    };
    const names = Array.from({ length: 9 }, (_, n) => `team-${n}`);
    const logs = await Promise.all(
      names.map(async (name, n) => {
        const expiresAt = Date.now() + (n % 2 === 0 ? -HOUR : HOUR);
        return logOf(name, [
          created('group', { ann: 'owner', bob: 'member' }),
          happened('ann', 'message.sent', { ordinal: 1, body: await sealed(name, 2, `hello ${n}`) }),
          happened('ann', 'message.sent', {
            ordinal: 2,
            body: await sealed(name, 3, 'over soon'),
            expiresAt,
          }),
          happened('bob', 'message.reacted', { seq: 3, emoji: '🌻', removed: false, expiresAt }),
          happened('ann', 'message.edited', { seq: 2, body: await sealed(name, 2, `hello, ${n}`) }),
          ...Array.from({ length: n }, (_, i) => happened('bob', 'message.deleted', { seq: 90 + i })),
        ]);
      }),
    );
    await vault.close();
    stored = logs.flat();
    await log.store(stored);
    // As it was written before members had roles.
    await log.nats.request(
      placeOf('ancient', PARTITIONS).subject,
      JSON.stringify({
        ...stored[0],
        id: 'ancient:1',
        conversationId: 'ancient',
        version: 1,
        data: { kind: 'group', members: ['ann', 'old'] },
      }),
    );
  });
  afterAll(() => closeTestLog(log));

  it('answers as counting the events does', async () => {
    const counts = Map.groupBy([...stored, { type: 'conversation.created' }], ({ type }) => type);
    const expected = [...counts].map(([type, some]) => ({ type, events: some.length }));
    const found = await json('select type, count(*) as events from events group by 1 order by 1');
    expect(found).toEqual(expected.toSorted((a, b) => (a.type < b.type ? -1 : 1)));
  });

  it('has the columns of an event, with its place in the log', async () => {
    const first = stored[0] as Envelope;
    const [row] = await json("from events where conversation_id = 'team-0' and seq = 1");
    expect(row).toEqual({
      partition: partitionOf('team-0', PARTITIONS),
      stream_seq: expect.any(Number),
      conversation_id: 'team-0',
      seq: 1,
      type: 'conversation.created',
      version: first.version,
      logged_at: new Date(first.at).toISOString(),
      actor: 'ann',
      command_id: first.commandId,
      data: first.data,
    });
  });

  it('reads events of older versions in their newest form', async () => {
    expect(
      await json("select member, role from members where conversation_id = 'ancient' order by 1"),
    ).toEqual([
      { member: 'ann', role: 'owner' },
      { member: 'old', role: 'member' },
    ]);
  });

  it('leaves bodies sealed, and tells nothing of what is past its life', async () => {
    const rows = await json(
      "select seq, state, text, body, data->>'emoji' as emoji from events left join messages using (conversation_id, seq) where conversation_id in ('team-0', 'team-1') and seq in (3, 4) order by conversation_id, seq",
    );
    expect(rows).toEqual([
      { seq: 3, state: 'expired', text: null, body: null, emoji: null },
      { seq: 4, state: null, text: null, body: null, emoji: null },
      { seq: 3, state: 'there', text: null, body: expect.stringMatching(/^s1\./), emoji: null },
      { seq: 4, state: null, text: null, body: null, emoji: '🌻' },
    ]);
  });

  it('opens bodies when asked to, and not what is past its life', async () => {
    const sql =
      "select text, state from messages where conversation_id in ('team-0', 'team-1') order by conversation_id, seq";
    expect(await json(sql, '--open-bodies')).toEqual([
      { text: 'hello, 0', state: 'there' },
      { text: null, state: 'expired' },
      { text: 'hello, 1', state: 'there' },
      { text: 'over soon', state: 'there' },
    ]);
    const all = await log.ask('from events', '--json', '--open-bodies', '--conversation', 'team-0');
    expect(all.out).toContain('hello, 0');
    expect(all.out).not.toContain('over soon');
  });

  it('loads a part alone', async () => {
    const count = 'select count(*) as n, count(distinct conversation_id) as c from events';
    const of = (name: string) => stored.filter(({ conversationId }) => conversationId === name).length;
    expect(await json(count, '--conversation', 'team-3')).toEqual([{ n: of('team-3'), c: 1 }]);
    const partition = partitionOf('team-3', PARTITIONS);
    const there = stored.filter((event) => partitionOf(event.conversationId, PARTITIONS) === partition);
    const [inPartition] = await json(
      `${count} where conversation_id <> 'ancient'`,
      '--partition',
      `${partition}`,
    );
    expect(inPartition).toMatchObject({ n: there.length });
    const since = new Date((stored[2] as Envelope).at);
    const later = stored.filter(({ at }) => at >= since.getTime());
    const [sinceThen] = await json(
      `${count} where conversation_id <> 'ancient'`,
      '--since',
      since.toISOString(),
    );
    expect(sinceThen).toMatchObject({ n: later.length });
  });

  it.each([
    [['--conversation', 'nowhere'], exitCodes.noInput, 'there is no conversation nowhere'],
    [['--partition', '4'], exitCodes.usage, 'the log has the partitions 0 to 3'],
    [['--since', 'tomorrow-ish'], exitCodes.usage, '--since'],
    [['--cache', 'x', '--open-bodies'], exitCodes.usage, 'cannot be used with'],
    [['--from', 'nowhere.csv'], exitCodes.noInput, 'there is no file nowhere.csv'],
    [['--file', 'nowhere.sql'], exitCodes.usage, 'two questions'],
  ])('refuses %j', async (flags, code, sentence) => {
    const refused = await log.ask('from events', ...flags);
    expect(refused).toMatchObject({ code, out: '', err: expect.stringContaining(sentence) });
  });

  it('says what DuckDB says of SQL that does not fit, without a stack', async () => {
    const { code, out, err } = await log.ask('select tpe from events');
    expect([code, out]).toEqual([exitCodes.usage, '']);
    expect(err).toContain('Referenced column "tpe" not found');
    expect(err).toContain('LINE 1: select tpe from events');
    expect(err).not.toMatch(/ {4}at /);
  });

  it('reads the question of a file, or of standard input', async () => {
    const file = join(directory, 'q.sql');
    await writeFile(file, "-- how many?\nselect 'of the file' as q, count(*) > 0 as some\nfrom events;\n");
    expect((await log.ask('--file', file, '--json')).out).toBe('{"q":"of the file","some":true}\n');
    const env = { NATS_URL: log.environment.natsUrl };
    const piped = await runCli(['query', '--json'], env, 'select 1 as one');
    expect(piped.out).toBe('{"one":1}\n');
    expect(await runCli(['query'], env, ' ')).toMatchObject({
      code: exitCodes.usage,
      err: expect.stringContaining('there is no question'),
    });
  });

  it('shows people a table, cut to what can be looked at', async () => {
    const { out, err } = await log.ask(
      "select range as n, repeat('long ', 50) || chr(27) || '[2J' as words from range(1000)",
      '--rows',
      '3',
    );
    expect(out.split('\n').filter((line) => line.includes('…'))).toHaveLength(3);
    expect(out).not.toContain('\u001b');
    expect(err).toContain('there are more rows: --rows shows more than 3');
  });

  it('writes CSV to a file, and not over one that is there', async () => {
    const file = join(directory, 'out.csv');
    const sql = `select 'a,"b"' as "x, y", null as nothing, [1, 2] as list, timestamptz '2026-01-02 03:04:05Z' as at_time`;
    expect(await log.ask(sql, '--csv', '--out', file)).toMatchObject({ code: 0, out: '' });
    expect(await readFile(file, 'utf8')).toBe(
      '"x, y",nothing,list,at_time\n"a,""b""",,"[1,2]",2026-01-02T03:04:05.000Z\n',
    );
    const again = await log.ask(sql, '--csv', '--out', file);
    expect(again).toMatchObject({ code: exitCodes.cannotWrite, err: expect.stringContaining('--force') });
  });

  it('answers of exported files as of the log', async () => {
    const files = ['all.csv', 'all.ndjson', 'all.parquet'].map((name) => join(directory, name));
    for (const file of files) {
      const env = { NATS_URL: log.environment.natsUrl };
      const format = file.slice(file.lastIndexOf('.') + 1);
      expect(await runCli(['replay', '--format', format, '--out', file], env)).toMatchObject({ code: 0 });
    }
    const sql = `
      with e as (select type, actor, count(*) as n, min(logged_at) as first, max(data->>'ordinal') as last,
                        count(distinct conversation_id) as c, sum(seq) as s, any_value(version) as v
                   from events group by all order by all),
           m as (select conversation_id, member, role, joined_at from members order by all)
      select (select list(e) from e) as events, (select list(m) from m) as members`;
    const [live] = await json(sql);
    expect(live?.members).toHaveLength(20);
    for (const file of files) expect(await json(sql, '--from', file)).toEqual([live]);
  });

  it('says that a file is no exported log', async () => {
    const [damaged, other] = [join(directory, 'damaged.ndjson'), join(directory, 'other.txt')];
    await writeFile(damaged, '{"seq": "many"\n');
    await writeFile(other, 'x');
    for (const file of [damaged, other]) {
      const refused = await log.ask('from events', '--from', file);
      expect(refused).toMatchObject({ code: exitCodes.badData, out: '' });
      expect(refused.err).toContain(file);
    }
  });

  it('ends at Ctrl-C, also in the middle of a question, and leaves nothing behind', async () => {
    const endless =
      'select count(*) from range(10000000000) a, range(10000000000) b where a.range % 7 = b.range % 11';
    const scratch = async () => (await readdir(directory)).filter((name) => name.startsWith('parley-query-'));
    const { child, output, ended } = startCli(['query', endless], {
      NATS_URL: log.environment.natsUrl,
      TMPDIR: directory,
    });
    await waitFor(async () => (await scratch()).length > 0, { what: 'the directory of a question' });
    child.kill('SIGINT');
    expect(await ended).toBe(exitCodes.interrupted);
    expect(output.err).toContain('broken off');
    expect(await scratch()).toEqual([]);
  });

  it('ends well when nobody reads any more', async () => {
    const { child, output, ended } = startCli(['query', 'from range(10000000)', '--json'], {
      NATS_URL: log.environment.natsUrl,
      TMPDIR: directory,
    });
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect([await ended, output.err]).toEqual([0, '']);
  });
});

describe('query of a log that changes', { timeout: 60_000 }, () => {
  let log: Log;
  let cache: string;
  const count = async (...flags: readonly string[]) => {
    const { code, out, err } = await log.ask('select count(*) as n from events', '--json', ...flags);
    return { code, err, n: rowsOf(out)[0]?.n };
  };
  const cached = () => count('--cache', cache);

  beforeAll(async () => {
    log = await openTestLog();
    cache = join(directory, 'log.duckdb');
  });
  afterAll(() => closeTestLog(log));

  it('answers of an empty one', async () => {
    expect(await count()).toEqual({ code: 0, err: '', n: 0 });
    expect(await cached()).toEqual({ code: 0, err: '', n: 0 });
    const { code, out } = await log.ask('from messages');
    expect(code).toBe(0);
    expect(out).toContain('conversation_id');
  });

  it('loads into a cache what is new alone, which nobody else may read', async () => {
    const said = (name: string) =>
      logOf(name, [
        created('group', { ann: 'owner' }),
        happened('ann', 'message.sent', { ordinal: 1, body: 's1.m2026-11.needle' }),
        happened('ann', 'message.reacted', {
          seq: 2,
          emoji: '+1',
          removed: false,
          expiresAt: Date.now() + 1_500,
        }),
      ]);
    await log.store(said('one'));
    expect(await cached()).toMatchObject({ code: 0, n: 3 });
    expect((await stat(cache)).mode & 0o077).toBe(0);
    await log.store(said('two'));
    expect(await cached()).toMatchObject({ code: 0, n: 6 });
    const emoji = async () =>
      rowsOf(
        (
          await log.ask(
            "select distinct data->>'emoji' as e from events where type = 'message.reacted'",
            '--json',
            '--cache',
            cache,
          )
        ).out,
      );
    // Told from its cache while it lives, and not any more when its life is over.
    await waitFor(async () => JSON.stringify(await emoji()) === '[{"e":null}]', {
      what: 'the end of a message',
    });
  });

  it('does not tell what was erased since, from a cache or from the file of it', async () => {
    expect(await readFile(cache, 'latin1')).toContain('needle');
    const jsm = await jetstreamManager(log.nats);
    for (const of of ['one', 'two']) {
      const place = placeOf(of, PARTITIONS);
      const message = await jsm.direct.getMessage(place.stream, { seq: 1, next_by_subj: place.subject });
      await jsm.streams.deleteMessage(place.stream, (message?.seq ?? 0) + 1, true);
    }
    const { code, n, err } = await cached();
    expect({ code, n }).toEqual({ code: 0, n: 4 });
    expect(err).toContain('is made anew: something was erased from the log since');
    expect(await readFile(cache, 'latin1')).not.toContain('needle');
  });

  it('names the events that it could not read, and says so in the end', async () => {
    const { stream, subject } = placeOf('broken', PARTITIONS);
    await log.nats.request(subject, 'not JSON');
    await log.nats.request(
      subject,
      JSON.stringify({ ...logOf('broken', [created('group', { ann: 'owner' })])[0], type: 'message.sung' }),
    );
    for (const flags of [[], ['--cache', cache], ['--cache', cache]]) {
      const { code, n, err } = await count(...flags);
      expect({ code, n }).toEqual({ code: exitCodes.badData, n: 4 });
      expect(err).toMatch(
        new RegExp(`event \\d+ of partition ${Number(stream.slice(-2))} cannot be read: it is not JSON`),
      );
      expect(err).toContain('2 events could not be read');
    }
    expect(await count('--skip-unreadable')).toMatchObject({ code: 0, n: 4 });
  });

  it('refuses a file that is no cache, or of another log', async () => {
    const text = join(directory, 'text.txt');
    await writeFile(text, 'dear diary');
    expect(await count('--cache', text)).toMatchObject({
      code: exitCodes.badData,
      err: expect.stringContaining('text.txt'),
    });
    expect(await readFile(text, 'utf8')).toBe('dear diary');
    const jsm = await jetstreamManager(log.nats);
    const { config } = await jsm.streams.info(streamName(0));
    await jsm.streams.delete(streamName(0));
    await jsm.streams.add(config);
    expect(await cached()).toMatchObject({
      code: exitCodes.badData,
      err: expect.stringContaining('is the cache of another log'),
    });
    expect(existsSync(cache)).toBe(true);
  });
});
