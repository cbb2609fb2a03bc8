import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signCertificate } from '@parley/infra/erasure/proof/certificate';
import { localCertificateKey } from '@parley/infra/erasure/proof/certificate-key';
import type { ErasureReport } from '@parley/infra/erasure/proof/verify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parley-erasure-'));
});
afterAll(() => rm(home, { recursive: true }));

const report: ErasureReport = {
  format: 'parley-erasure-certificate/1',
  issuedAt: '2026-01-01T12:00:00.000Z',
  scope: { conversation: 'garden' },
  verdict: 'gone',
  messages: [
    {
      conversationId: 'garden',
      seq: 7,
      author: 'ann',
      at: '2026-01-01T11:00:00.000Z',
      ended: { cause: 'expired', at: '2026-01-01T11:30:00.000Z', by: '@system', seq: 9 },
      destroyed: ['bucket.t60-1767268800'],
      takenOut: false,
      open: [],
      copies: [],
    },
  ],
  secrets: { 'bucket.t60-1767268800': '2026-01-01T11:31:00.000Z' },
  searched: [{ store: 'nats', directory: 'nats', files: 3, bytes: 12_345, sha256: 'ab'.repeat(32) }],
  notSearched: ['postgres', 'redis'],
  deadRows: 2,
};

async function certificate(): Promise<string> {
  const file = join(home, 'certificate.json');
  await writeFile(file, JSON.stringify(signCertificate(report, await localCertificateKey(home))));
  return file;
}

describe('erasure check', () => {
  it('says whose a certificate is, and shows it', async () => {
    const file = await certificate();
    const key = (await runCli(['erasure', 'key'], { PARLEY_HOME: home })).out.trim();
    const checked = await runCli(['erasure', 'check', file, '--key', key], { PARLEY_HOME: '/nowhere' });
    expect(checked).toMatchObject({ code: 0, err: '' });
    expect(checked.out).toContain(`unchanged since it was signed at ${report.issuedAt}, with the key ${key}`);
    expect(checked.out).toMatch(/^1 erased message of conversation garden$/m);
    expect(checked.out).toContain('destroyed: bucket.t60-1767268800');
    expect(checked.out).toContain('gone: 1 of 1 messages can be read by nobody');
    const json = await runCli(['erasure', 'check', file, '--json'], {});
    expect(JSON.parse(json.out)).toStrictEqual({
      publicKey: key,
      verdict: 'gone',
      issuedAt: report.issuedAt,
      scope: report.scope,
    });
  });

  it('refuses one that was changed, is of another signer, or is none, and says which', async () => {
    const file = await certificate();
    const text = await readFile(file, 'utf8');
    const badData = exitCodes.badData;
    await writeFile(file, text.replace('"seq":7', '"seq":8'));
    const changed = await runCli(['erasure', 'check', file], {});
    expect(changed).toMatchObject({
      code: badData,
      err: expect.stringContaining('it was changed after it was signed'),
    });
    await writeFile(file, text);
    const other = await runCli(['erasure', 'check', file, '--key', 'A'.repeat(43)], {});
    expect(other).toMatchObject({
      code: badData,
      err: expect.stringContaining(`not with ${'A'.repeat(43)}`),
    });
    await writeFile(file, '{"hello":1}');
    const none = await runCli(['erasure', 'check', file], {});
    expect(none).toMatchObject({ code: badData, err: expect.stringContaining('not a signed certificate') });
    expect(await runCli(['erasure', 'check', join(home, 'nowhere')], {})).toMatchObject({
      code: exitCodes.noInput,
    });
    expect(await runCli(['erasure', 'check', file, '--key', 'short'], {})).toMatchObject({
      code: exitCodes.usage,
    });
  });
});

describe('the key of certificates', () => {
  it('is made once, for its owner alone', async () => {
    const env = { PARLEY_HOME: home };
    const [one, two] = [await runCli(['erasure', 'key'], env), await runCli(['erasure', 'key'], env)];
    expect(one.out).toBe(two.out);
    expect((await stat(join(home, 'certificate-key'))).mode & 0o777).toBe(0o600);
  });

  it('may be given, and must be long enough', async () => {
    const given = { PARLEY_CERTIFICATE_KEY: Buffer.alloc(32, 7).toString('base64url') };
    expect((await runCli(['erasure', 'key'], given)).out).toMatch(/^[\w-]{43}\n$/);
    const short = await runCli(['erasure', 'key'], { PARLEY_CERTIFICATE_KEY: 'c2hvcnQ' });
    expect(short).toMatchObject({
      code: exitCodes.config,
      err: expect.stringContaining('at least 32 bytes'),
    });
  });
});

describe('erasure verify', () => {
  it('says how to name a stack where none runs', async () => {
    const { code, err } = await runCli(['erasure', 'verify'], { PARLEY_HOME: home });
    expect(code).toBe(exitCodes.unavailable);
    expect(err).toContain('no stack runs');
    expect(err).toContain('name another by --nats, --database and --redis');
  });

  it('refuses what is no time, no conversation and no user, before it connects', async () => {
    for (const flags of [
      ['--before', 'yesterday'],
      ['--conversation', 'a.b'],
      ['--user', ''],
    ]) {
      expect(await runCli(['erasure', 'verify', ...flags], {})).toMatchObject({ code: exitCodes.usage });
    }
  });
});
