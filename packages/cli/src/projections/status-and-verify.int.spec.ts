import type { NatsConnection } from '@nats-io/transport-node';
import { ensureTopology } from '@parley/infra/log/topology';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import { startCli } from '@parley/infra/testing/cli-process';
import { waitFor } from '@parley/infra/testing/wait-for';
import { ordinary } from '@parley/projector/testing/full-log';
import { type Builds, openBuilds } from '@parley/projector/testing/verify-fixture';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let builds: Builds;
let nats: NatsConnection;

beforeAll(async () => {
  builds = await openBuilds(2);
  nats = builds.nats;
  await ensureTopology(nats, { partitions: 2, replicas: 1 });
  await builds.given(['den', 'garden', 'attic'].flatMap((id) => ordinary(id, 5)));
  await builds.project(1);
});
afterAll(() => builds?.close());

const env = () => ({ NATS_URL: builds.environment.natsUrl, DATABASE_URL: builds.environment.databaseUrl });
const projections = (...args: readonly string[]) => runCli(['projections', ...args], env());

describe('projections verify', { timeout: 60_000 }, () => {
  it('compares the version that is served with the log, where it is alone', async () => {
    const { code, out, err } = await projections('verify');
    expect({ code, err }).toEqual({ code: exitCodes.done, err: '' });
    expect(out).toContain('version 1 and the log');
    expect(out).toContain('equal, as far as was compared: 3 conversations');
    expect(JSON.parse((await projections('verify', '1', '--all', '--json')).out)).toMatchObject({
      verdict: 'equal',
      isVerified: true,
      conversations: 3,
    });
  });

  it('compares the newest version with the one that is served, and names what differs', async () => {
    const beside = await builds.beside();
    await builds.project(beside);
    expect((await projections('verify')).out).toContain(`version ${beside} is verified`);
    await builds.pool.query(
      `update rm_${beside}.message set author = 'mallory' where conversation_id = 'den' and seq = 3`,
    );
    const { code, out } = await projections('verify', String(beside), '--against', '1');
    expect(code).toBe(exitCodes.unhealthy);
    expect(out).toContain('message.author of conversation den, seq 3: mallory here, eve in version 1');
    expect(out).toContain('docs/runbooks/digest-differs.md');
  });

  it('says what does not fit, in the codes of the table', async () => {
    const said = [
      [['9'], exitCodes.noInput, 'there is no version 9'],
      [['--against', '9'], exitCodes.noInput, 'there is no version 9'],
      [['1', '--against', '1'], exitCodes.failed, 'equal to itself'],
      [['2', '--all'], exitCodes.usage, '--against log'],
      [['1', '--partition', '2'], exitCodes.usage, 'partitions 0 to 1'],
      [['1', '--sample', '0'], exitCodes.usage, 'A whole number'],
    ] as const;
    const answers = await Promise.all(said.map(([args]) => projections('verify', ...args)));
    expect(answers.map(({ code }) => code)).toEqual(said.map(([, code]) => code));
    for (const [index, { err }] of answers.entries()) {
      expect(err).toContain(said[index]?.[2]);
      expect(err).not.toContain('    at ');
    }
  });
});

describe('projections status', { timeout: 60_000 }, () => {
  it('says that nobody works on what is served, and which runbook helps', async () => {
    const { code, out } = await projections('status', '--version', '1');
    expect(code).toBe(exitCodes.unhealthy);
    expect(out).toMatch(/version 1 .*served/);
    expect(out).toContain('nobody');
    expect(out).toContain(
      'nobody works on it (timeline 0-1; receipts 0-1): see docs/runbooks/projector-behind.md',
    );
    expect(out).not.toContain('\u001b');
  });

  it('says of rows of an older release that there are newer ones to be made', async () => {
    const older = NEWEST_MODEL - 1;
    expect((await projections('status')).out).toContain(`version 1  model ${NEWEST_MODEL} · following`);
    await builds.pool.query('update parley.version set model = $1 where version = 1', [older]);
    const { out } = await projections('status', '--version', '1');
    await builds.pool.query('update parley.version set model = $1 where version = 1', [NEWEST_MODEL]);
    expect(out).toContain(
      `model ${older}, older than ${NEWEST_MODEL} of this release: see docs/runbooks/rebuild.md · following`,
    );
  });

  it('tells machines all of it', async () => {
    await builds.given(ordinary('newer', 4));
    const { at, healthy, versions } = JSON.parse((await projections('status', '--json')).out);
    expect({ isTime: Date.parse(at) > 0, healthy }).toEqual({ isTime: true, healthy: false });
    const { shares, role } = versions[0];
    expect(role).toBe('served');
    const timeline = shares.filter((share: { projection: string }) => share.projection === 'timeline');
    expect(timeline.reduce((sum: number, share: { lagEvents: number }) => sum + share.lagEvents, 0)).toBe(5);
    expect(timeline[0]).toMatchObject({
      rate: 0,
      parked: 0,
      letters: 0,
      gaps: 0,
      digest: expect.any(String),
    });
  });

  it('looks again until Ctrl-C, and prints a line of JSON each time where it is told to', async () => {
    const { child, output, ended } = startCli(['projections', 'status', '--watch', '--json'], env());
    const lines = () => output.out.split('\n').filter((line) => line !== '');
    await waitFor(() => lines().length >= 2, { what: 'two looks' });
    child.kill('SIGINT');
    expect(await ended).toBe(exitCodes.unhealthy);
    for (const line of lines()) expect(JSON.parse(line)).toMatchObject({ healthy: false });
  });

  it('knows no version that is not there', async () => {
    expect(await projections('status', '--version', '9')).toMatchObject({
      code: exitCodes.noInput,
      err: expect.stringContaining('there is no version 9'),
    });
  });
});
