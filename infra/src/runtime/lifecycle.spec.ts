import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let directory = '';
let service = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-lifecycle-'));
  service = join(directory, 'service.mjs');
  await writeFile(
    service,
    `import { runService } from ${JSON.stringify(new URL('./lifecycle.ts', import.meta.url).href)};
     const say = (line) => process.stdout.write(line + '\\n');
     const log = Object.fromEntries(['info', 'warn', 'error', 'fatal'].map((level) => [level, () => {}]));
     const how = process.argv[2];
     await runService('example', log, async (stop) => {
       if (how === 'fails') throw new Error('no');
       if (how === 'throws later') setTimeout(() => { throw new Error('bug'); }, 50);
       if (how === 'stops itself') setTimeout(stop, 50, 'enough');
       const lingering = async () => { say('lingers'); await new Promise((resolve) => setTimeout(resolve, 4_000)); };
       const slow = how === 'slow' ? () => new Promise(() => {}) : () => say('closed the second');
       const second = how === 'stops itself' ? lingering : how === 'clumsy' ? () => { throw new Error('stuck'); } : slow;
       return {
         info: { port: 1234 },
         resources: [
           { name: 'first', dispose: async () => say('closed the first') },
           { name: 'second', dispose: second },
         ],
       };
     });`,
  );
});

afterAll(() => rm(directory, { recursive: true, force: true }));

type Run = {
  readonly process: ChildProcess;
  readonly messages: unknown[];
  readonly ended: Promise<{ code: number | null; said: string[] }>;
};

const start = (how = 'well'): Run => {
  const child = fork(service, [how], {
    silent: true,
    execPath: process.execPath,
    execArgv: ['--no-warnings'],
  });
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  return { process: child, messages, ended: whenEnded(child) };
};

/** Not by `close`: that event does not come after `disconnect`. */
const whenEnded = async (child: ChildProcess): Promise<{ code: number | null; said: string[] }> => {
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const said = await text(child.stdout as NodeJS.ReadableStream);
  return { code: await exited, said: said.split('\n').filter((line) => line !== '') };
};

const ready = (run: Run): Promise<unknown> => new Promise((resolve) => run.process.once('message', resolve));

describe('a service', () => {
  it('tells its parent when it is ready, and where', async () => {
    const run = start();
    expect(await ready(run)).toEqual({ ready: { port: 1234 } });
    run.process.kill('SIGTERM');
    await run.ended;
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('lets go of everything in reverse at %s', async (signal) => {
    const run = start();
    await ready(run);
    run.process.kill(signal);
    expect(await run.ended).toEqual({ code: 0, said: ['closed the second', 'closed the first'] });
  });

  it('lets go of everything when its parent is gone', async () => {
    const run = start();
    await ready(run);
    run.process.disconnect();
    expect(await run.ended).toEqual({ code: 0, said: ['closed the second', 'closed the first'] });
  });

  it('lets go of the others when one fails, and says so by its exit code', async () => {
    const run = start('clumsy');
    await ready(run);
    run.process.kill('SIGTERM');
    expect(await run.ended).toEqual({ code: 1, said: ['closed the first'] });
  });

  it('takes a signal that comes twice at once for one, and a later one for impatience', async () => {
    const run = start('slow');
    await ready(run);
    run.process.kill('SIGINT');
    await sleep(100);
    run.process.kill('SIGINT');
    await sleep(1_000);
    expect(run.process.exitCode).toBeNull();
    run.process.kill('SIGINT');
    expect(await run.ended).toEqual({ code: 1, said: [] });
  });

  it('takes no signal for impatience that comes while it stops by itself, but a second one', async () => {
    const runs = [start('stops itself'), start('stops itself')] as const;
    await Promise.all(runs.map(({ process: child }) => once(child.stdout as Readable, 'data')));
    await sleep(1_100);
    for (const run of runs) run.process.kill('SIGTERM');
    await sleep(1_100);
    runs[1].process.kill('SIGTERM');
    const [patient, forced] = await Promise.all(runs.map(({ ended }) => ended));
    expect(patient).toEqual({ code: 0, said: ['lingers', 'closed the first'] });
    expect(forced).toMatchObject({ code: 1 });
  });

  it.each(['fails', 'throws later'])('exits with 1 when it %s', async (how) => {
    expect((await start(how).ended).code).toBe(1);
  });
});
