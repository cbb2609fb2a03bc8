import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@parley/infra/embedded/run-command';
import { mediasoupDirectory, WORKER_PROGRAM, workerIn } from './worker-source.js';

/** Milliseconds in which the vendor's worker must have come: 3 MB, and whoever cannot reach the vendor builds it. */
const WITHIN = 20_000;

/**
 * Fetches the worker that the vendor built for this platform, by the install step of the package, into a directory.
 *
 * @throws when the vendor has none, or cannot be reached within 20 s
 */
export async function downloadWorker(directory: string, signal?: AbortSignal): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), 'parley-worker-'));
  try {
    await runCommand(process.execPath, [join(mediasoupDirectory, 'npm-scripts.mjs'), 'postinstall'], {
      // The step writes where it is run, and what it got lies there.
      cwd: place,
      // Where nothing was downloaded it would begin a build of its own, with sources it fetches: it needs Python for that.
      env: { PYTHON: 'false', MEDIASOUP_WORKER_BIN: '', MEDIASOUP_LOCAL_DEV: '' },
      timeoutMs: WITHIN,
      signal,
    });
    await copyFile(join(place, 'worker/out/Release', WORKER_PROGRAM), workerIn(directory));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
