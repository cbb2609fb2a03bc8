import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { binaries } from './binaries.js';
import { cacheDirectory, loadUws, type Machine, UnknownBinary, verifiedBinary } from './load.js';
import { mendForOlderGlibc } from './mend-elf.js';

const shipped = dirname(createRequire(import.meta.url).resolve('uwebsockets/package.json'));
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const debian12: Machine = { platform: 'linux', arch: 'x64', abi: '137', glibc: '2.36' };
const debian13: Machine = { ...debian12, glibc: '2.41' };

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'uws-'));
});
afterEach(() => rmSync(cache, { recursive: true }));

describe('the binaries', () => {
  it.each(Object.entries(binaries))('are those of the pinned package: %s', (key, { shipped: hash }) => {
    expect(sha256(readFileSync(join(shipped, `uws_${key}.node`)))).toBe(hash);
  });

  it('are mended to the same bytes each time', () => {
    const mended = mendForOlderGlibc(readFileSync(join(shipped, 'uws_linux_x64_137.node')));
    expect(sha256(mended)).toBe(binaries.linux_x64_137?.mended);
  });

  it('are mended only where they are of the known form', () => {
    expect(() => mendForOlderGlibc(readFileSync(join(shipped, 'uws_darwin_x64_137.node')))).toThrow('ELF64');
    const mended = mendForOlderGlibc(readFileSync(join(shipped, 'uws_linux_x64_137.node')));
    expect(() => mendForOlderGlibc(mended)).toThrow('does not ask for GLIBC_2.38');
  });
});

describe('choosing a binary', () => {
  it('takes the shipped one as it is where glibc is new enough', () => {
    expect(verifiedBinary(shipped, cache, debian13)).toBe(join(shipped, 'uws_linux_x64_137.node'));
    expect(readdirSync(cache)).toEqual([]);
  });

  it('makes a mended copy once where glibc is older, outside node_modules', () => {
    const path = verifiedBinary(shipped, cache, debian12);
    expect(path.startsWith(cache)).toBe(true);
    const { mtimeMs } = statSync(path);
    expect(verifiedBinary(shipped, cache, debian12)).toBe(path);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    expect(readdirSync(cache)).toHaveLength(1);
  });

  it('makes the copy anew when somebody changed it', () => {
    const path = verifiedBinary(shipped, cache, debian12);
    writeFileSync(path, 'something else');
    expect(sha256(readFileSync(verifiedBinary(shipped, cache, debian12)))).toBe(
      binaries.linux_x64_137?.mended,
    );
  });

  it('refuses a binary whose bytes are not the known ones', () => {
    const tampered = mkdtempSync(join(tmpdir(), 'uws-tampered-'));
    const file = join(tampered, 'uws_linux_x64_137.node');
    copyFileSync(join(shipped, 'uws_linux_x64_137.node'), file);
    const bytes = readFileSync(file);
    bytes.writeUInt8((bytes.at(-1) as number) ^ 1, bytes.length - 1);
    writeFileSync(file, bytes);
    for (const machine of [debian12, debian13]) {
      expect(() => verifiedBinary(tampered, cache, machine)).toThrow(UnknownBinary);
    }
    rmSync(tampered, { recursive: true });
  });

  it('refuses a machine for which no binary is known, and a glibc that is too old even for a mended one', () => {
    expect(() => verifiedBinary(shipped, cache, { ...debian12, abi: '115' })).toThrow('linux_x64_115');
    expect(() => verifiedBinary(shipped, cache, { ...debian12, arch: 'arm64' })).toThrow(
      'mending that binary was not tried',
    );
    expect(() => verifiedBinary(shipped, cache, { ...debian12, glibc: '2.31' })).toThrow(
      'needs glibc 2.36 or newer',
    );
  });

  it('keeps copies where PARLEY_CACHE or the XDG specification says', () => {
    expect(cacheDirectory({ PARLEY_CACHE: '/p' })).toBe('/p/uws');
    expect(cacheDirectory({ XDG_CACHE_HOME: '/x' })).toBe('/x/parley/uws');
  });
});

it.runIf(process.versions.modules === '137')('loads what it verified', () => {
  expect(loadUws(cache).App).toBeTypeOf('function');
});
