import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { placeOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { type CliProcess, startCli } from '@parley/infra/testing/cli-process';
import { storeLog } from '@parley/infra/testing/store-log';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

// Processes start here: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const PARTITIONS = 4;
const BEGIN = 1_700_000_000_000;
const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

let environment: TestEnvironment;
let nats: NatsConnection;
let env: Record<string, string>;
let stored: readonly Envelope[];
let directory: string;

const message = (
  conversationId: string,
  seq: number,
  at: number,
  text = `${conversationId} ${seq}`,
): Envelope =>
  envelop(
    { type: 'message.sent', data: { ordinal: seq, body: closeBody({ kind: 'text', text }) } },
    { conversationId, seq, at, actor: 'ann', commandId: `c-${seq}` },
  );

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
  await ensureTopology(nats, { partitions: PARTITIONS, replicas: 1 });
  stored = Array.from({ length: 600 }, (_, n) =>
    message(`c-${n % 6}`, 1 + Math.floor(n / 6), BEGIN + n * 100),
  );
  await storeLog(nats, stored, PARTITIONS);
  env = { NATS_URL: environment.natsUrl };
});
afterAll(async () => {
  await nats.close();
  await environment.dispose();
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-test-'));
  return () => rm(directory, { recursive: true, force: true });
});

const replay = (...args: readonly string[]) => runCli(['replay', ...args], env);
const start = (...args: readonly string[]): CliProcess => startCli(['replay', ...args], env);

/** Events in lines of NDJSON; a line that was cut off counts as none. */
const idsIn = (text: string): readonly string[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as Envelope).id);
const idsOf = (events: readonly Envelope[]) => events.map(({ id }) => id);
const positionIn = (err: string): string => /^position (\S+)$/m.exec(err)?.[1] ?? '';
const asTheyWere = () => idsOf(stored.toSorted((a, b) => a.at - b.at));

describe('a replay that is interrupted', () => {
  it('says where it was, and goes on there', async () => {
    const first = start('--speed', '20x');
    await waitFor(() => first.output.out.split('\n').length > 30, { what: 'some events' });
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(exitCodes.interrupted);
    const rest = await replay('--merge', 'time', '--after', positionIn(first.output.err));
    expect(rest.code).toBe(0);
    expect(idsIn(rest.out).length).toBeGreaterThan(0);
    expect([...idsIn(first.output.out), ...idsIn(rest.out)]).toStrictEqual(asTheyWere());
    const nothing = await replay('--after', positionIn(rest.err));
    expect([nothing.code, nothing.out, positionIn(nothing.err)]).toStrictEqual([0, '', positionIn(rest.err)]);
  });

  it('and killed, goes on in its file without repeat and gap', async () => {
    const [out, position] = [join(directory, 'events.ndjson'), join(directory, 'position.json')];
    const flags = ['--out', out, '--position-file', position];
    const first = start('--speed', '10x', ...flags);
    await waitFor(async () => JSON.parse(await readFile(position, 'utf8')).bytes > 500, {
      what: 'a position',
    });
    await waitFor(async () => (await stat(out)).size > JSON.parse(await readFile(position, 'utf8')).bytes, {
      what: 'events behind the position',
    });
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const second = await replay('--merge', 'time', ...flags);
    expect([second.code, second.out]).toStrictEqual([0, '']);
    expect(idsIn(await readFile(out, 'utf8'))).toStrictEqual(asTheyWere());
    const third = await replay('--merge', 'time', ...flags);
    expect(third.code).toBe(0);
    expect(idsIn(await readFile(out, 'utf8'))).toStrictEqual(asTheyWere());
  });

  it('leaves nothing of a file that was to be whole', async () => {
    const run = start('--speed', '1x', '--out', join(directory, 'events.ndjson'));
    await waitFor(async () => (await readdir(directory)).length > 0, { what: 'the draft' });
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(exitCodes.interrupted);
    expect(run.output.err).toBe('parley: interrupted: nothing was written\n');
    expect(await readdir(directory)).toStrictEqual([]);
  });
});

describe('a file that grows', () => {
  it('is refused where nothing is known of it, or where it is not what was saved', async () => {
    const [out, position] = [join(directory, 'events.csv'), join(directory, 'position.json')];
    const flags = ['--format', 'csv', '--conversation', 'c-1', '--out', out, '--position-file', position];
    await writeFile(out, 'theirs');
    const refused = await replay(...flags);
    expect([refused.code, refused.err]).toStrictEqual([73, expect.stringContaining('is there already')]);
    expect((await replay(...flags, '--force')).code).toBe(0);
    const whole = await readFile(out, 'utf8');
    expect(whole.split('\n')).toHaveLength(102);
    await writeFile(out, 'shorter');
    const shorter = await replay(...flags);
    expect([shorter.code, shorter.err]).toStrictEqual([
      65,
      expect.stringContaining('remove the position file'),
    ]);
    await writeFile(position, '{}');
    expect((await replay(...flags)).err).toContain('holds no position of a replay');
  });
});

describe('a replay that follows', () => {
  it('goes on with what comes, also in conversations that are new, and ends well by Ctrl-C', async () => {
    const run = start('--follow', '--type', 'message.*');
    await waitFor(() => idsIn(run.output.out).length === 600, { what: 'the past' });
    const later = [
      message('new-1', 1, BEGIN + 70_000),
      message('c-2', 101, BEGIN + 70_001),
      message('new-2', 1, BEGIN),
    ];
    await storeLog(nats, later, PARTITIONS);
    await waitFor(() => idsIn(run.output.out).length === 603, { what: 'what comes' });
    expect(idsIn(run.output.out).slice(600).sort()).toStrictEqual(idsOf(later).sort());
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    const { out } = await replay('--after', positionIn(run.output.err));
    expect(out).toBe('');
    stored = [...stored, ...later];
  });

  it('waits for a conversation that is not there yet', async () => {
    const run = start('--follow', '--conversation', 'to-come', '--json');
    const infos = () => jetstream(nats).jetstreamManager();
    const { stream } = placeOf('to-come', PARTITIONS);
    await waitFor(async () => (await (await infos()).consumers.list(stream).next()).length > 0, {
      what: 'a reader',
    });
    const event = message('to-come', 1, BEGIN + 80_000);
    await storeLog(nats, [event], PARTITIONS);
    await waitFor(() => idsIn(run.output.out).length > 0, { what: 'it' });
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    expect(JSON.parse(run.output.err)).toMatchObject({
      events: 1,
      unreadable: 0,
      position: expect.stringMatching(/^4\/\d:\d+$/),
    });
    stored = [...stored, event];
  });
});

describe('what a replay is asked', () => {
  it('fits, or is refused with what is wrong', async () => {
    const refused = async (sentence: string, code: number, ...args: readonly string[]) => {
      const { code: ended, err, out } = await replay(...args);
      expect([ended, out]).toStrictEqual([code, '']);
      expect(err).toContain(sentence);
      expect(err).not.toContain('    at ');
    };
    await Promise.all([
      refused('A time such as', exitCodes.usage, '--since', 'yesterday'),
      refused('write it to a file by --out', exitCodes.usage, '--format', 'parquet'),
      refused('there is no conversation nowhere in the log', exitCodes.noInput, '--conversation', 'nowhere'),
    ]);
  });

  it('may be nothing that is there', async () => {
    const { code, out, err } = await replay('--actor', 'nobody');
    expect([code, out, err]).toStrictEqual([0, '', expect.stringMatching(/^position /)]);
  });
});

describe('the examples in docs/replay.md', () => {
  it('do what they say', async () => {
    const page = await readFile(new URL('../../../../docs/replay.md', import.meta.url), 'utf8');
    const examples = [...page.matchAll(/^ {4}(parley replay .*)$/gm)].map(([, line]) => line as string);
    expect(examples.length).toBeGreaterThan(6);
    const ended = examples.filter((line) => !line.includes('--follow'));
    const script = [`parley() { "${process.execPath}" "${MAIN}" "$@"; }`, 'set -e', ...ended].join('\n');
    const { stdout } = await promisify(execFile)('sh', ['-c', script.replaceAll('garden', 'c-4')], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', HOME: directory, ...env },
      maxBuffer: 10_000_000,
    });
    expect(idsIn(stdout)).toEqual(expect.arrayContaining(['c-4:1', 'c-4:2', 'c-4:3', 'c-4:4']));
    const files = ['ann.jsonl', 'events.ndjson', 'events.parquet', 'here.json', 'messages.csv'];
    expect((await readdir(directory)).sort()).toStrictEqual(files);
  });
});

describe('where a replay goes', () => {
  it('may be left, and that is no failure', async () => {
    const { stdout, stderr } = await promisify(execFile)(
      'sh',
      ['-c', '"$0" "$@" | head -3', process.execPath, MAIN, 'replay'],
      { env: { PATH: process.env.PATH ?? '', HOME: directory, ...env } },
    );
    expect(idsIn(stdout)).toHaveLength(3);
    expect(stderr).not.toContain('parley:');
  });

  it('is a file that is there when it is whole, and none that was there', async () => {
    const out = join(directory, 'events.parquet');
    const flags = ['--format', 'parquet', '--out', out];
    expect((await replay(...flags)).code).toBe(0);
    const { size } = await stat(out);
    expect(await replay(...flags)).toMatchObject({
      code: 73,
      err: expect.stringContaining('is there already'),
    });
    expect((await stat(out)).size).toBe(size);
    expect((await replay(...flags, '--force')).code).toBe(0);
    expect(await readdir(directory)).toStrictEqual(['events.parquet']);
  });

  it.runIf(process.getuid?.() === 0)('may be too small, and nothing is left there', async () => {
    const small = join(directory, 'small');
    await mkdir(small);
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', small]);
    try {
      for (const format of ['ndjson', 'csv', 'cloudevents']) {
        const { code, err } = await replay('--format', format, '--out', join(small, 'events'));
        expect([code, err]).toStrictEqual([73, expect.stringContaining('no room is left')]);
        expect(await readdir(small)).toStrictEqual([]);
      }
    } finally {
      await promisify(execFile)('umount', [small]);
    }
  });
});

// The last: from here on the log has an event that nobody can read.
describe('an event that nobody can read', () => {
  it('is named and counted, and the others are told', async () => {
    const { subject } = placeOf('c-1', PARTITIONS);
    await nats.request(subject, JSON.stringify({ ...message('c-1', 101, BEGIN), type: 'message.painted' }));
    await nats.request(subject, JSON.stringify(message('c-1', 102, BEGIN)));
    const { code, out, err } = await replay('--conversation', 'c-1');
    expect(code).toBe(exitCodes.badData);
    expect(idsIn(out)).toStrictEqual([
      ...idsOf(stored.filter((event) => event.conversationId === 'c-1')),
      'c-1:102',
    ]);
    expect(err).toMatch(
      /parley: CONV_0\d:\d+ cannot be read: type: nobody knows the event message.painted\n/,
    );
    expect(err).toContain('1 events could not be read; they are named above');
    const strict = await replay('--conversation', 'c-1', '--strict');
    expect(strict).toMatchObject({
      code: exitCodes.badData,
      err: expect.stringContaining('message.painted'),
    });
    expect(strict.out).not.toContain('c-1:102');
  });
});
