import { askApi } from '@parley/infra/testing/ask-api';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { runCli } from '../testing/run-cli.js';

let environment: TestEnvironment;
let system: SystemProcesses;
beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment, [], undefined, { PARLEY_LEGAL_HOLD: 'on' });
});
afterAll(async () => {
  await system?.stop();
  await environment?.dispose();
});

const as = async (user: string, scope?: string) => ({
  PARLEY_URL: system.ws,
  PARLEY_TOKEN: await system.token(user, scope),
  DATABASE_URL: environment.databaseUrl,
});

const ask = (verb: string, path: string, user: string, body?: unknown) =>
  askApi(system, verb, `/v1/conversations${path}`, { body, user });

async function group(): Promise<string> {
  const conversationId = `g-${crypto.randomUUID()}`;
  expect((await ask('POST', '', 'ann', { conversationId, kind: 'group', members: ['bob'] })).status).toBe(
    200,
  );
  return conversationId;
}

describe('hold', () => {
  it('puts a conversation on hold for an operator, lists it, and lifts the hold', async () => {
    const id = await group();
    const counsel = await as('counsel', 'hold');
    const set = await runCli(['hold', 'set', id, '--reason', 'case 7'], counsel);
    expect(set).toEqual({ code: 0, out: `${id} is on hold\n`, err: '' });
    expect((await ask('GET', `/${id}`, 'bob')).json.hold).toMatchObject({ reason: 'case 7', by: 'counsel' });
    const list = () => runCli(['hold', 'list', '--json'], counsel);
    await waitFor(async () => (await list()).out !== '', { what: 'the hold in the rows' });
    expect(JSON.parse((await list()).out)).toEqual({
      conversationId: id,
      reason: 'case 7',
      since: expect.any(Number),
      by: 'counsel',
    });
    expect((await runCli(['hold', 'list'], counsel)).out).toMatch(
      /^g-\S+ {2}since .* UTC {2}by counsel {2}case 7\n$/,
    );

    const lifted = await runCli(['hold', 'lift', id, '--json'], counsel);
    expect(JSON.parse(lifted.out)).toMatchObject({ conversationId: id, seq: 3 });
    await waitFor(async () => (await list()).out === '', { what: 'the end of the hold in the rows' });
    expect((await runCli(['hold', 'list'], counsel)).out).toBe('no conversation is on hold\n');
  });

  it('says which scope is missing', async () => {
    const id = await group();
    const { code, err } = await runCli(['hold', 'set', id, '--reason', 'mine'], await as('ann'));
    expect(code).toBe(exitCodes.notAllowed);
    expect(err).toContain("holds need the scope 'hold'");
  });

  it('wants a reason, and an id that can be one', async () => {
    const nowhere = { PARLEY_URL: 'ws://127.0.0.1:9' };
    expect(await runCli(['hold', 'set', 'den'], nowhere)).toMatchObject({ code: exitCodes.usage });
    expect((await runCli(['hold', 'lift', 'my den'], nowhere)).err).toContain('1 to 140');
  });
});

describe('erase', () => {
  it('asks first, where somebody can be asked, and does nothing else without --yes', async () => {
    const id = await group();
    const admin = await as('admin', 'erase');
    const { code, err } = await runCli(['erase', 'conversation', id], admin);
    expect(code).toBe(exitCodes.usage);
    expect(err).toContain('--yes');
    expect((await ask('GET', `/${id}`, 'ann')).status).toBe(200);

    const erased = await runCli(['erase', 'conversation', id, '--yes'], admin);
    expect(erased).toEqual({ code: 0, out: `the conversation ${id} is erased\n`, err: '' });
    expect((await ask('GET', `/${id}`, 'ann')).status).toBe(404);
  });

  it('is refused of what is on legal hold, by name', async () => {
    const id = await group();
    await runCli(['hold', 'set', id, '--reason', 'case 9'], await as('counsel', 'hold'));
    const { code, err } = await runCli(['erase', 'conversation', id, '--yes'], await as('admin', 'erase'));
    expect(code).toBe(exitCodes.failed);
    expect(err).toContain('legal hold');
    expect(err).toContain('case 9');
  });

  it('erases a person, unless a conversation of theirs is on legal hold', async () => {
    const id = `g-${crypto.randomUUID()}`;
    const made = { conversationId: id, kind: 'group', members: ['dora'] };
    expect((await ask('POST', '', 'ann', made)).status).toBe(200);
    const [counsel, admin] = [await as('counsel', 'hold'), await as('admin', 'erase')];
    await runCli(['hold', 'set', id, '--reason', 'case 11'], counsel);
    const list = () => runCli(['hold', 'list', '--json'], counsel);
    await waitFor(async () => (await list()).out.includes(id), { what: 'the hold in the rows' });
    const erase = () => runCli(['erase', 'person', 'dora', '--yes'], admin);
    const refused = await erase();
    expect(refused.code).toBe(exitCodes.failed);
    expect(refused.err).toContain('legal hold');

    await runCli(['hold', 'lift', id], counsel);
    await waitFor(async () => !(await list()).out.includes(id), { what: 'the end of the hold in the rows' });
    expect(await erase()).toEqual({ code: 0, out: 'dora is erased\n', err: '' });
    await waitFor(
      async () => ((await ask('GET', `/${id}`, 'ann')).json.members as readonly unknown[]).length === 1,
      { what: 'dora to be no member' },
    );
  });
});
