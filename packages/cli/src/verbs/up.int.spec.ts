import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import type { Envelope } from '@parley/domain/log/envelope';
import type { PresenceView } from '@parley/domain/wire/presence';
import { type CliProcess, startCli } from '@parley/infra/testing/cli-process';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Endpoints } from '../terminal/endpoints.js';
import { childOf, endpointsIn, isRunning, runCli } from '../testing/run-cli.js';
import { sampleLog, writeLogs } from '../testing/sample-log.js';

// Processes start here, and start again: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000 });

let environment: TestEnvironment;
let home: string;
let env: Record<string, string>;
let up: CliProcess;
let endpoints: Endpoints;

const startUp = async (): Promise<{ up: CliProcess; endpoints: Endpoints }> => {
  const run = startCli(['up', '--json'], env);
  void run.ended;
  const found = await waitFor(() => endpointsIn(run.output.out), { what: 'the ready line', timeout: 60_000 });
  return { up: run, endpoints: found };
};

const stopUp = async (run: CliProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> => {
  run.child.kill(signal);
  return run.ended;
};

const services = ['command-api/dist', 'projector/dist', 'gateway/dist'];
const pidOf = async (service: string): Promise<number> =>
  waitFor(() => childOf(up.child.pid as number, service), { what: `${service} to run` });

const client = async (): Promise<ParleyClient> =>
  connect({ url: endpoints.ws, token: endpoints.token, device: 'test' });

/** The events of a conversation, without what differs between two that were filled alike. */
const replay = async (conversation: string): Promise<readonly object[]> => {
  const { code, out } = await runCli(['replay', '--open-bodies', '--conversation', conversation], env);
  expect(code).toBe(0);
  return out
    .trim()
    .split('\n')
    .map((line) =>
      JSON.parse(line, (key, value) => (key === 'banHash' || key === 'title' ? undefined : value)),
    )
    .map(({ id: _, at: __, conversationId: ___, ...rest }: Envelope) => rest);
};

beforeAll(async () => {
  environment = await testEnvironment();
  home = await mkdtemp(join(tmpdir(), 'parley-up-'));
  const { natsUrl, databaseUrl, redisUrl } = environment;
  env = {
    PARLEY_HOME: home,
    NATS_URL: natsUrl,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    // Nothing here needs a call, and messaging must not need what calls need.
    PARLEY_MEDIASOUP_WORKER: '/bin/false',
  };
  ({ up, endpoints } = await startUp());
});
afterAll(async () => {
  await stopUp(up);
  await environment.dispose();
  await rm(home, { recursive: true, force: true });
});

describe('up', () => {
  it('says where everything is, and only then', async () => {
    expect(up.output.out).toBe(`ready ${JSON.stringify(endpoints)}\n`);
    expect(await (await fetch(`${endpoints.web}/health`)).json()).toEqual({ status: 'ok' });
    expect((await fetch(`${endpoints.api}/v1/openapi.json`)).status).toBe(200);
    const one = await client();
    expect((await one.conversations()).conversations).toEqual([]);
    expect(one.user).toBe('demo');
    one.close();
  });

  it('is ready where no call can be carried, and says why that is', async () => {
    await waitFor(
      () => up.output.err.includes('no calls are carried: PARLEY_MEDIASOUP_WORKER is /bin/false'),
      {
        what: 'the word on calls',
        timeout: 60_000,
      },
    );
  });

  it('leaves its token where its owner alone can read it', async () => {
    expect((await stat(join(home, 'endpoints.json'))).mode & 0o777).toBe(0o600);
  });

  it('names the process that has the home already', async () => {
    const { code, err } = await runCli(['up'], env);
    expect(code).toBe(75);
    expect(err).toContain(`${home} is in use by process ${up.child.pid}`);
  });

  it('starts a service that was killed again, at the same address, and clients come back by themselves', async () => {
    const one = await client();
    await one.call('conversation.create', { conversationId: 'kept', kind: 'group', members: [] });
    const carrier = await pidOf('sfu/dist');
    for (const service of services) process.kill(await pidOf(service), 'SIGKILL');
    process.kill(carrier, 'SIGKILL');
    const answer = await one.send('kept', { text: 'sent while nobody was there' });
    expect(answer.seq).toBe(2);
    await waitFor(async () => (await one.messages('kept')).messages.length === 1, {
      what: 'history',
      timeout: 60_000,
    });
    await waitFor(async () => (await pidOf('sfu/dist')) !== carrier, {
      what: 'the node for calls',
      timeout: 60_000,
    });
    one.close();
  });
});

describe('import irc', () => {
  it('brings a log over, counts every line once, and changes nothing when it is run again', async () => {
    const [path] = await writeLogs(home, { '2007-06-04.once.txt': sampleLog(3) });
    const first = await runCli(['import', 'irc', path as string, '--json'], env);
    expect(first.code).toBe(0);
    const counted = JSON.parse(first.out);
    expect(counted).toMatchObject({
      lines: 30,
      messages: 6,
      actions: 6,
      membership: 6,
      nickChanges: 3,
      notUnderstood: 9,
    });
    const before = await replay('irc-2007-06-04-once');
    const again = JSON.parse((await runCli(['import', 'irc', path as string, '--json'], env)).out);
    expect(again).toMatchObject({ lines: 30, sent: 0, skipped: counted.sent });
    expect(await replay('irc-2007-06-04-once')).toEqual(before);
  });

  it('ends the same when it is killed half-way, with services dying under it', async () => {
    const [path] = (await writeLogs(home, { '2007-06-04.long.txt': sampleLog(60) })) as [string];
    const whole = await runCli(['import', 'irc', path, '--into', 'whole'], env);
    expect(whole.code).toBe(0);

    const one = await client();
    const revision = async (): Promise<number> =>
      (await one.call('conversation.get', { conversationId: 'broken', membersLimit: 0 })).revision;
    const killed = startCli(['import', 'irc', path, '--into', 'broken'], env);
    await waitFor(async () => (await revision()) > 50, { what: 'a part of the import', timeout: 60_000 });
    killed.child.kill('SIGKILL');
    expect(await killed.ended).toBe('SIGKILL');

    const resumed = startCli(['import', 'irc', path, '--into', 'broken', '--json'], env);
    for (const service of services) {
      const reached = (await waitFor(revision, { what: 'where the import is', timeout: 60_000 })) + 20;
      await waitFor(async () => (await revision()) > reached, {
        what: 'more of the import',
        timeout: 60_000,
      });
      process.kill(await pidOf(service), 'SIGKILL');
    }
    expect(await resumed.ended).toBe(0);
    one.close();
    expect(await replay('broken')).toEqual(await replay('whole'));
  });

  it('refuses a token without the scope import in one sentence', async () => {
    const [path] = await writeLogs(home, { '2007-06-04.refused.txt': sampleLog(1) });
    const { out: token } = await runCli(['token', 'ann'], env);
    const { code, err } = await runCli(
      ['import', 'irc', path as string, '--url', endpoints.ws, '--token', token.trim()],
      env,
    );
    expect(code).toBe(77);
    expect(err.trim().split('\n').length).toBe(1);
    expect(err).toContain('scope');
  });
});

describe('chat', () => {
  it('sends what is typed and shows it to the other, who may be away', async () => {
    const said = await runCli(['chat', '--as', 'ann', '--with', 'bob'], env, 'hello bob\n/me waves\n');
    expect(said.code).toBe(0);
    await waitFor(
      async () => {
        const { out } = await runCli(['chat', '--as', 'bob', '--with', 'ann'], env, '/quit\n');
        return /ann: hello bob\n.*\* ann waves/.test(out);
      },
      { what: 'the messages to be read', timeout: 60_000 },
    );
    expect((await runCli(['chat', '--as', 'bob'], env)).out).toContain('dm-3-ann-bob');
  });

  it('sets how long messages live, and says what a life may be', async () => {
    const as = (user: string, more: readonly string[], input?: string) =>
      runCli(['chat', '--as', user, ...more], env, input);
    const { code, out, err } = await as('ann', ['--with', 'bob'], '/ttl 1h\n/ttl 3600\n');
    expect(code).toBe(0);
    expect(out + err).toContain('Whole seconds from 5 to 31536000. Or off.');
    const isSet = async () => (await as('bob', ['--json'])).out.includes('"ttl":3600');
    await waitFor(isSet, { what: 'the life to be set', timeout: 60_000 });
    expect((await as('bob', ['--with', 'ann'], '/ttl off\n')).code).toBe(0);
    await waitFor(async () => !(await isSet()), { what: 'the life to be lifted', timeout: 60_000 });
  });

  it('tells programs who types and is there, and how far what they sent has come', async () => {
    const [ann, bob] = [
      startCli(['chat', '--as', 'ann', '--with', 'bob', '--json'], env),
      startCli(['chat', '--as', 'bob', '--with', 'ann', '--json'], env),
    ];
    const told = ({ output }: CliProcess): Record<string, unknown>[] =>
      output.out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const hear = (run: CliProcess, what: string, fits: (line: Record<string, unknown>) => boolean) =>
      waitFor(() => told(run).some(fits), { what, timeout: 30_000 });
    await hear(
      ann,
      'bob to be online',
      ({ presence }) => (presence as PresenceView | undefined)?.status === 'online',
    );
    ann.child.stdin?.write('a line\n');
    await hear(
      bob,
      'the line',
      // On the page where it was faster than bob.
      (line) => JSON.stringify(line).includes('a line'),
    );
    await hear(ann, 'it to be read', ({ progress }) => progress === 'read');
    for (const { child } of [ann, bob]) child.stdin?.end('/quit\n');
    expect(await Promise.all([ann.ended, bob.ended])).toEqual([0, 0]);
  });

  it('says so when the conversation is not there', async () => {
    const { code, err } = await runCli(['chat', 'nowhere'], env);
    expect(code).toBe(66);
    expect(err).toContain('There is no such conversation');
  });
});

describe('replay', () => {
  it('ends quietly when its reader leaves', async () => {
    const run = startCli(['replay'], env);
    run.child.stdout?.once('data', () => run.child.stdout?.destroy());
    expect(await run.ended).toBe(0);
    expect(run.output.err).toBe('');
  });

  it('goes on with what comes', async () => {
    const one = await client();
    await one.call('conversation.create', { conversationId: 'followed', kind: 'group', members: [] });
    const run = startCli(['replay', '--conversation', 'followed', '--follow'], env);
    await waitFor(() => run.output.out.includes('conversation.created'), { what: 'the past' });
    await one.send('followed', { text: 'now' });
    await waitFor(() => run.output.out.includes('message.sent'), { what: 'what comes' });
    expect(run.output.out.trim().split('\n').length).toBe(2);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    one.close();
  });

  it('opens bodies where that is asked for, by the right master keys alone', async () => {
    const one = await client();
    await one.call('conversation.create', { conversationId: 'closed', kind: 'group', members: [] });
    await one.send('closed', { text: 'within' });
    one.close();
    const flags = ['replay', '--conversation', 'closed'];
    const sealed = await runCli(flags, env);
    expect([sealed.code, sealed.out]).toEqual([0, expect.stringContaining('message.sent')]);
    expect(sealed.out).not.toContain('within');
    expect((await runCli([...flags, '--open-bodies'], env)).out).toContain('within');
    const PARLEY_MASTER_KEYS = Buffer.alloc(32, 3).toString('base64url');
    const wrong = await runCli([...flags, '--open-bodies'], { ...env, PARLEY_MASTER_KEYS });
    expect([wrong.code, wrong.out]).toEqual([78, '']);
  });

  it('names a conversation that is not in the log', async () => {
    const { code, err } = await runCli(['replay', '--conversation', 'nowhere'], env);
    expect([code, err]).toEqual([66, 'parley: there is no conversation nowhere in the log\n']);
  });
});

describe('the end of up', () => {
  it('leaves nothing running, and the next start has the same address and finds the data', async () => {
    const pids = await Promise.all(services.map(pidOf));
    const last = endpoints;
    expect(await stopUp(up)).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    const { code, err } = await runCli(['chat'], env);
    expect([code, err]).toEqual([69, expect.stringContaining('does not run any more')]);
    ({ up, endpoints } = await startUp());
    expect([endpoints.ws, endpoints.api]).toEqual([last.ws, last.api]);
    const one = await client();
    expect((await one.conversations()).conversations.map(({ conversationId }) => conversationId)).toContain(
      'whole',
    );
    one.close();
  });

  it('leaves nothing running when it is killed', async () => {
    const pids = await Promise.all(services.map(pidOf));
    expect(await stopUp(up, 'SIGKILL')).toBe('SIGKILL');
    await waitFor(() => pids.every((pid) => !isRunning(pid)), {
      what: 'the services to end',
      timeout: 60_000,
    });
    ({ up, endpoints } = await startUp());
  });
});
