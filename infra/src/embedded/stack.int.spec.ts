import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectNats } from '../runtime/connect-nats.js';
import { waitFor } from '../testing/wait-for.js';
import { forgetHome } from './forget-home.js';
import { HomeInUse } from './home-lock.js';
import type { ServerExit } from './leash.js';
import { type Stack, startStack } from './stack.js';

let home = '';
const stops: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-test-stack-'));
});

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await forgetHome(home);
});

const start = async (
  options: { onServerExit?: (name: string, exit: ServerExit) => void } = {},
): Promise<Stack> => {
  const stack = await startStack({ home, useEnvironment: false, ...options });
  stops.push(() => stack.stop());
  return stack;
};

const store = async (stack: Stack): Promise<void> => {
  const nats = await connectNats(stack.nats, 'test');
  await (await jetstreamManager(nats)).streams.add({ name: 'S', subjects: ['s'] });
  await jetstream(nats).publish('s', 'kept');
  await nats.close();
  await query(stack, 'create table kept as select 1 as one');
};

const stored = async (stack: Stack): Promise<unknown> => {
  const nats = await connectNats(stack.nats, 'test');
  const { state } = await (await jetstreamManager(nats)).streams.info('S');
  await nats.close();
  return { messages: state.messages, rows: await query(stack, 'select one from kept') };
};

const query = async (stack: Stack, text: string): Promise<unknown> => {
  const client = new pg.Client({ connectionString: stack.database });
  await client.connect();
  return client
    .query(text)
    .then(({ rows }) => rows)
    .finally(() => client.end());
};

const pong = async (stack: Stack): Promise<string> => {
  const redis = new Redis(stack.redis, { retryStrategy: () => null });
  redis.on('error', () => undefined);
  return redis.ping().finally(() => redis.disconnect());
};

/** A process of its own that starts a stack on the home and stays; it runs what the build made. */
const startOwner = async (): Promise<{ owner: ChildProcess; family: number[] }> => {
  const module = fileURLToPath(new URL('../../dist/embedded/stack.js', import.meta.url));
  const script = `const { startStack } = await import(${JSON.stringify(module)});
    await startStack({ home: ${JSON.stringify(home)}, useEnvironment: false });
    console.log('started');
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  stops.push(() => owner.kill('SIGKILL'));
  await new Promise((resolve) =>
    createInterface({ input: owner.stdout as NodeJS.ReadableStream }).once('line', resolve),
  );
  const family = await descendants(owner.pid as number);
  stops.push(() => family.forEach(killQuietly));
  return { owner, family };
};

const descendants = async (of: number): Promise<number[]> => {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const text = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    parents.set(Number(entry), Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const children = (pid: number): number[] =>
    [...parents].filter(([, parent]) => parent === pid).flatMap(([child]) => [child, ...children(child)]);
  return children(of);
};

const killQuietly = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
};

/** A zombie does not run: it only waits for its parent to look. */
const isRunning = async (pid: number): Promise<boolean> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text !== undefined && text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3) !== 'Z';
};

const allGone = async (family: readonly number[]): Promise<void> => {
  const anyRunning = async () => (await Promise.all(family.map(isRunning))).includes(true);
  await waitFor(async () => !(await anyRunning()), { what: 'every process to end' });
};

describe('a private stack', () => {
  it('gives URLs that work, on this machine alone, and tells where its servers come from', async () => {
    const stack = await start();
    expect(await query(stack, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await pong(stack)).toBe('PONG');
    const nats = await connectNats(stack.nats, 'test');
    expect(nats.info).toMatchObject({ jetstream: true, max_payload: 8 * 1024 * 1024 });
    await nats.close();
    for (const url of [stack.nats, stack.database, stack.redis])
      expect(new URL(url).hostname).toBe('127.0.0.1');
    expect(stack.origins.nats).toMatch(/^\d+\.\d+\.\d+ \(.+\)$/);
  });

  it('lets nobody in without the password, which its owner alone can read', async () => {
    const stack = await start();
    const bare = (url: string) => Object.assign(new URL(url), { password: 'wrong' }).href;
    await expect(query({ ...stack, database: bare(stack.database) }, 'select 1')).rejects.toThrow('password');
    await expect(pong({ ...stack, redis: bare(stack.redis) })).rejects.toThrow();
    await expect(connectNats(bare(stack.nats), 'test')).rejects.toThrow(/authorization/i);
    for (const file of ['stack.json', 'nats.conf', 'redis.conf']) {
      expect((await stat(join(home, file))).mode & 0o077).toBe(0);
    }
  });

  it('finds its data again, at the same addresses', async () => {
    const first = await start();
    await store(first);
    await first.stop();
    const second = await start();
    expect(await stored(second)).toEqual({ messages: 1, rows: [{ one: 1 }] });
    expect([second.nats, second.database, second.redis]).toEqual([first.nats, first.database, first.redis]);
  });

  it('takes another port when someone else has the one it had', async () => {
    const first = await start();
    await first.stop();
    const squatters = await Promise.all([first.nats, first.database, first.redis].map(occupy));
    stops.push(() => Promise.all(squatters.map((squatter) => squatter.close())));
    const second = await start();
    expect(await query(second, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(new URL(second.nats).port).not.toBe(new URL(first.nats).port);
  });

  it('is alone on its home: a second one is refused and told who is there', async () => {
    const stack = await start();
    const refusal = startStack({ home, useEnvironment: false });
    await expect(refusal).rejects.toThrow(HomeInUse);
    await expect(refusal).rejects.toThrow(`in use by process ${process.pid}`);
    await expect(startStack({ home, useEnvironment: false })).rejects.toThrow(HomeInUse);
    expect(await pong(stack)).toBe('PONG');
  });

  it('says at once that the password was lost, when only the data is left', async () => {
    await (await start()).stop();
    await rm(join(home, 'stack.json'));
    await expect(start()).rejects.toThrow('stack.json, which holds it, was deleted');
  });

  it('stops and starts one server at the same address', async () => {
    const stack = await start();
    await stack.stopServer('postgres');
    await expect(query(stack, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await stack.startServer('postgres');
    expect(await query(stack, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('tells of a server that ended by itself, and not of those it stops', async () => {
    const exits: string[] = [];
    const stack = await start({ onServerExit: (name) => exits.push(name) });
    const [, redis] = /process_id:(\d+)/.exec(await info(stack)) ?? [];
    process.kill(Number(redis), 'SIGKILL');
    await waitFor(() => exits.length > 0, { what: 'the news' });
    await stack.stop();
    expect(exits).toEqual(['redis']);
  });
});

describe('when its leash dies', () => {
  it('tells that every server is gone, and starts none again', async () => {
    const exits: string[] = [];
    const stack = await start({ onServerExit: (name) => exits.push(name) });
    const { pid } = JSON.parse(await readFile(join(home, 'stack.lock'), 'utf8'));
    const family = await descendants(pid);
    killQuietly(pid);
    await waitFor(() => exits.length === 3, { what: 'the news' });
    await allGone(family);
    await expect(stack.startServer('redis')).rejects.toThrow('the process that holds the servers is gone');
  });
});

describe('when its owner dies', () => {
  it('leaves no process behind, and the next start finds the data', async () => {
    const { owner, family } = await startOwner();
    expect(family.length).toBeGreaterThanOrEqual(4);
    owner.kill('SIGKILL');
    // At once: the servers are still stopping.
    const stack = await start();
    await allGone(family);
    expect(await query(stack, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('recovers when everything was killed at once', async () => {
    const { owner, family } = await startOwner();
    for (const pid of [owner.pid as number, ...family]) killQuietly(pid);
    const stack = await start();
    expect(await query(stack, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('stops what a killed leash left running before it starts again', async () => {
    const { owner, family } = await startOwner();
    const [leash] = family as [number];
    owner.kill('SIGKILL');
    killQuietly(leash);
    const stack = await start();
    await allGone(family);
    expect(await pong(stack)).toBe('PONG');
  });
});

const occupy = (url: string): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(Number(new URL(url).port), '127.0.0.1', () => resolve(server));
  });

const info = async (stack: Stack): Promise<string> => {
  const redis = new Redis(stack.redis);
  return redis.info('server').finally(() => redis.disconnect());
};
