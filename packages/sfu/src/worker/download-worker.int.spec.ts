import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@parley/infra/embedded/run-command';
import { version } from 'mediasoup';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { downloadWorker } from './download-worker.js';
import { mediasoupDirectory } from './worker-source.js';

/** What every worker does that was not started by mediasoup: the install step asks for nothing else. */
const PROGRAM = '#!/bin/sh\nexit 41\n';

let folder: string;
let into: string;
let vendor: Server;
let asked: string[];
let archive: Buffer | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-vendor-'));
  vendor = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(archive === undefined ? 404 : 200).end(archive);
  });
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  const { port } = vendor.address() as AddressInfo;
  vi.stubEnv('MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL', `http://127.0.0.1:${port}`);
});
beforeEach(async () => {
  asked = [];
  into = await mkdtemp(join(folder, 'into-'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  vendor.close();
  await rm(folder, { recursive: true });
});

it("takes the vendor's worker of this version, and writes nothing into the package", async () => {
  await writeFile(join(folder, 'mediasoup-worker'), PROGRAM, { mode: 0o755 });
  await runCommand('tar', ['-czf', 'archive.tgz', 'mediasoup-worker'], { cwd: folder });
  archive = await readFile(join(folder, 'archive.tgz'));
  await downloadWorker(into);
  expect(await readFile(join(into, 'mediasoup-worker'), 'utf8')).toBe(PROGRAM);
  expect(await readdir(join(mediasoupDirectory, 'worker'))).not.toContain('out');
  expect(asked).toEqual([expect.stringContaining(`/${version}/mediasoup-worker-${version}-`)]);
});

it('fails where the vendor has none, and begins no build of its own', async () => {
  archive = undefined;
  await expect(downloadWorker(into)).rejects.toThrow('npm-scripts.mjs postinstall');
  expect(asked.length).toBe(1);
  expect(await readdir(into)).toEqual([]);
});
