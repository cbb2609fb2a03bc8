import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type * as UWebSockets from 'uwebsockets';
import { type Binary, binaries } from './binaries.js';
import { mendForOlderGlibc } from './mend-elf.js';

export type Uws = typeof UWebSockets;

export class UnknownBinary extends Error {}

/** The machine that loads: what decides which binary, and whether it must be mended. */
export type Machine = {
  readonly platform: string;
  readonly arch: string;
  /** Node's ABI number, `process.versions.modules`. */
  readonly abi: string;
  /** Version of the C library, or undefined where it is not glibc. */
  readonly glibc: string | undefined;
};

/**
 * Loads uWebSockets.js, having checked that the binary is one that was looked at. Where glibc is older than 2.38 a mended
 * copy is made under `cache`, once, and checked at every load.
 *
 * @throws UnknownBinary when there is none for this machine, or its bytes are not the known ones; nothing is run then.
 */
export function loadUws(cache: string = cacheDirectory(), machine: Machine = thisMachine()): Uws {
  return createRequire(import.meta.url)(verifiedBinary(packageDirectory(), cache, machine)) as Uws;
}

/** Path of the binary to load, its hash checked. Exported for its tests. */
export function verifiedBinary(
  directory: string,
  cache: string,
  machine: Machine,
  known: Readonly<Record<string, Binary>> = binaries,
): string {
  const key = `${machine.platform}_${machine.arch}_${machine.abi}`;
  const binary = known[key];
  if (binary === undefined) {
    throw new UnknownBinary(
      `No binary of uWebSockets.js is known for ${key}; known are ${Object.keys(known).join(', ')}. Use Node 24.`,
    );
  }
  const shipped = join(directory, `uws_${key}.node`);
  const bytes = readFileSync(shipped);
  if (sha256(bytes) !== binary.shipped) throw unexpected(shipped, bytes, binary.shipped);
  if (machine.glibc === undefined || !isOlder(machine.glibc, NEEDED_GLIBC)) return shipped;
  if (isOlder(machine.glibc, LEAST_GLIBC)) {
    throw new UnknownBinary(
      `uWebSockets.js needs glibc ${LEAST_GLIBC.join('.')} or newer, here is ${machine.glibc}.`,
    );
  }
  if (binary.mended === undefined) {
    throw new UnknownBinary(
      `uWebSockets.js for ${key} needs glibc 2.38, here is ${machine.glibc}; mending that binary was not tried. Use Node 24 on x64.`,
    );
  }
  return mendedCopy(bytes, binary.mended, cache);
}

function mendedCopy(shipped: Buffer, expected: string, cache: string): string {
  const path = join(cache, `${expected}.node`);
  if (hashOfFile(path) === expected) return path;
  const mended = mendForOlderGlibc(shipped);
  if (sha256(mended) !== expected) throw unexpected('the mended binary', mended, expected);
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  // Several processes may start at once: each writes a file of its own and moves it into place whole.
  const draft = `${path}.${randomUUID()}`;
  try {
    writeFileSync(draft, mended, { mode: 0o600 });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return path;
}

/** `$PARLEY_CACHE/uws`, or where the XDG base directory specification puts caches. Never within node_modules. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env.PARLEY_CACHE) return join(env.PARLEY_CACHE, 'uws');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'parley', 'uws');
}

/** The first glibc that has every symbol the binaries are linked to, and the first that the mended ones run on. */
const NEEDED_GLIBC = [2, 38] as const;
const LEAST_GLIBC = [2, 36] as const;

function isOlder(glibc: string, than: readonly [major: number, minor: number]): boolean {
  const [major = 0, minor = 0] = glibc.split('.').map(Number);
  return major < than[0] || (major === than[0] && minor < than[1]);
}

function thisMachine(): Machine {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return {
    platform: process.platform,
    arch: process.arch,
    abi: process.versions.modules,
    glibc: report.header?.glibcVersionRuntime,
  };
}

const packageDirectory = (): string =>
  dirname(createRequire(import.meta.url).resolve('uwebsockets/package.json'));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function hashOfFile(path: string): string | undefined {
  try {
    return sha256(readFileSync(path));
  } catch {
    return undefined;
  }
}

const unexpected = (what: string, bytes: Uint8Array, expected: string): UnknownBinary =>
  new UnknownBinary(
    `${what} has the SHA-256 ${sha256(bytes)}, not ${expected}: it is not the binary that was looked at, and is not loaded. ` +
      'See docs/uwebsockets.md.',
  );
