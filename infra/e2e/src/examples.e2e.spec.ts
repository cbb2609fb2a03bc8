import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const sdk = fileURLToPath(new URL('../../../packages/client/', import.meta.url));

let environment: TestEnvironment;
let system: SystemProcesses;
let bob: ParleyClient;
let directory: string;

beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment);
  bob = await connect({ url: system.ws, token: await system.token('bob'), device: 'd1' });
  await bob.call('conversation.create', { conversationId: 'example', kind: 'group', members: ['ann'] });
  await bob.send('example', { text: 'hello?' });
  directory = await mkdtemp(join(tmpdir(), 'parley-example-'));
});
afterAll(async () => {
  bob?.close();
  await system?.stop();
  await environment?.dispose();
  await rm(directory, { recursive: true, force: true });
});

/** Lines an example prints before it ends by itself. */
async function run(name: string): Promise<readonly string[]> {
  const env = {
    PATH: process.env.PATH,
    PARLEY_URL: system.ws,
    PARLEY_TOKEN: await system.token('ann'),
    PARLEY_CONVERSATION: 'example',
    PARLEY_DIR: directory,
  };
  const child = spawn(process.execPath, [`${sdk}examples/${name}`], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complained = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  child.stderr.on('data', (chunk) => {
    complained += chunk;
  });
  const [code] = await once(child, 'close');
  expect(code, complained).toBe(0);
  return said.trim().split('\n');
}

describe('the examples of the SDK', () => {
  it('send', async () => {
    expect(await run('send.mjs')).toEqual(
      expect.arrayContaining(['1 conversation.created by ann', '2 message.sent by ann', 'stored as 2']),
    );
  });

  it('render a timeline', async () => {
    const lines = await run('timeline.mjs');
    expect(lines).toContain('bob: hello?');
    expect(lines.at(-1)).toBe('ann: who is there? ✓✓');
  });

  it('send later what was written without a connection', async () => {
    expect(await run('offline.mjs')).toEqual(['unsent: 1', 'sent: written without a connection']);
  });

  it('are what its README shows', async () => {
    const readme = await readFile(`${sdk}README.md`, 'utf8');
    const shown = [...readme.matchAll(/<!-- (\S+\.mjs) -->\n\n```js\n([\s\S]*?)```/g)];
    expect(shown.length).toBe(3);
    for (const [, name, code] of shown) expect(code).toBe(await readFile(`${sdk}examples/${name}`, 'utf8'));
  });
});
