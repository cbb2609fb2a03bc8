import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type OutputChunk, rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';

/** Bytes, gzipped, that an application pays for the SDK with all that it needs: 2,000 of them are the server's time and the ends of messages, 4,000 calls as a conversation has them (their media is an entry of its own). */
const MAX_BYTES = 36_000;

const client = fileURLToPath(new URL('../../', import.meta.url));
let bundle: OutputChunk;
const warnings: string[] = [];

beforeAll(async () => {
  const build = await rolldown({
    input: `${client}src/testing/browser-entry.ts`,
    platform: 'browser',
    resolve: { conditionNames: ['source', 'module', 'import', 'browser', 'default'] },
    onLog: (_level, { message }) => void warnings.push(message),
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  bundle = output[0];
});

describe('the SDK in a browser', () => {
  it('is one module of less than 36 kB, gzipped, with all that it needs', () => {
    const bytes = gzipSync(bundle.code).length;
    expect(bytes, `${bytes} bytes`).toBeLessThan(MAX_BYTES);
  });

  it('needs nothing of Node', () => {
    expect(bundle.imports).toEqual([]);
    expect(warnings).toEqual([]);
    expect(bundle.moduleIds.filter((id) => /node:|src\/node\//.test(id))).toEqual([]);
    expect(bundle.code).not.toMatch(/\bprocess\.|\bBuffer\b|\brequire\(/);
  });
});
