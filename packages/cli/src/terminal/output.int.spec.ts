import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { withOutput } from './output.js';

const run = promisify(execFile);

let directory: string;
let out: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-test-'));
  out = join(directory, 'events.ndjson');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const leftBehind = async () => (await readdir(directory)).sort();

describe('a file that a verb writes', () => {
  it('is there when it is whole, and not before', async () => {
    const done = await withOutput({ out }, async ({ write }) => {
      await write('one\n');
      expect(await leftBehind()).not.toContain('events.ndjson');
      return write(Buffer.from('two\n'));
    });
    expect(done).toBe(true);
    expect(await readFile(out, 'utf8')).toBe('one\ntwo\n');
    expect(await leftBehind()).toStrictEqual(['events.ndjson']);
  });

  it('is not there, and nothing else is, when the work fails', async () => {
    const failing = withOutput({ out }, async ({ write }) => {
      await write('one\n');
      throw new Error('no more');
    });
    await expect(failing).rejects.toThrow('no more');
    expect(await leftBehind()).toStrictEqual([]);
  });

  it('is refused where one is already, before any work; with --force it is replaced, also behind a link', async () => {
    await writeFile(out, 'old');
    const refused = { message: expect.stringContaining('is there already'), exitCode: exitCodes.cannotWrite };
    await expect(withOutput({ out }, () => Promise.reject('work'))).rejects.toMatchObject(refused);
    const link = join(directory, 'link');
    await symlink(out, link);
    await withOutput({ out: link, force: true }, ({ write }) => write('new'));
    expect(await readFile(out, 'utf8')).toBe('new');
  });

  it('stays as it was when what should replace it fails', async () => {
    await writeFile(out, 'old');
    await expect(withOutput({ out, force: true }, () => Promise.reject(new Error('no')))).rejects.toThrow();
    expect(await readFile(out, 'utf8')).toBe('old');
  });

  it('does not replace one that came meanwhile', async () => {
    const work = withOutput({ out }, async ({ write }) => {
      await writeFile(out, 'theirs');
      await write('ours');
    });
    await expect(work).rejects.toMatchObject({ exitCode: exitCodes.cannotWrite });
    expect(await readFile(out, 'utf8')).toBe('theirs');
    expect(await leftBehind()).toStrictEqual(['events.ndjson']);
  });

  it('is refused where there is no such directory, or something that is no file', async () => {
    const nothing = () => Promise.resolve();
    const nowhere = join(directory, 'nowhere', 'x');
    await expect(withOutput({ out: nowhere }, nothing)).rejects.toThrow('there is no directory');
    await expect(withOutput({ out: join(out, 'x') }, nothing)).rejects.toThrow('there is no directory');
    await expect(withOutput({ out: directory, force: true }, nothing)).rejects.toThrow('is no file');
  });

  it.runIf(process.getuid?.() === 0)('is not there when the disk is full, and it is said so', async () => {
    const small = join(directory, 'small');
    await mkdir(small);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
    try {
      const work = withOutput({ out: join(small, 'x') }, ({ write }) => write(Buffer.alloc(100_000)));
      await expect(work).rejects.toMatchObject({
        message: expect.stringContaining('no room is left'),
        exitCode: exitCodes.cannotWrite,
      });
      expect(await readdir(small)).toStrictEqual([]);
    } finally {
      await run('umount', [small]);
    }
  });
});

describe('a process that writes', () => {
  /** A program that writes lines until nobody reads, and then says so on standard error. */
  const start = (flags: object, stdout: 'pipe' | number) => {
    const of = (file: string) =>
      JSON.stringify(fileURLToPath(new URL(`../../dist/terminal/${file}.js`, import.meta.url)));
    const program = `
      import { withOutput } from ${of('output')};
      import { onInterrupt } from ${of('interrupt')};
      process.stdout.on('error', () => process.stdout.destroy());
      const { signal } = onInterrupt();
      await withOutput(${JSON.stringify(flags)}, async ({ write }) => {
        process.stderr.write('begun');
        while (await write('line\\n'.repeat(1_000))) if (signal.aborted) throw new Error('interrupted');
      });
      process.stderr.write(', left by its reader');
      process.exit();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', stdout, 'pipe'],
    });
    const said = { err: '' };
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said.err += text;
    });
    return { child, said, ended: once(child, 'close') };
  };

  it('ends well when its reader has left', async () => {
    const { child, said, ended } = start({}, 'pipe');
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.stdout?.destroy();
    expect(await ended).toStrictEqual([0, null]);
    expect(said.err).toBe('begun, left by its reader');
  });

  it('ends at once by a second Ctrl-C while its reader does not read', async () => {
    const { child, said, ended } = start({}, 'pipe');
    await waitFor(() => said.err, { what: 'the program to begin' });
    child.kill('SIGINT');
    const again = setInterval(() => child.kill('SIGINT'), 20);
    child.stdout?.pause();
    expect((await once(child, 'exit'))[0]).toBe(exitCodes.interrupted);
    clearInterval(again);
    child.stdout?.destroy();
    await ended;
  });

  it('leaves no file behind after Ctrl-C', async () => {
    const { child, said, ended } = start({ out }, 'pipe');
    await waitFor(() => said.err, { what: 'the program to begin' });
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(1);
    expect(await leftBehind()).toStrictEqual([]);
  });

  it('says so when the disk behind standard output is full', async () => {
    const full = await open('/dev/full', 'w');
    const { said, ended } = start({}, full.fd);
    expect((await ended)[0]).toBe(1);
    await full.close();
    expect(said.err).toContain('no room is left to write standard output');
  });
});
