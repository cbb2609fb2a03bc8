import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closedTitle } from '@parley/domain/sealing/closed';
import type { Opened } from '@parley/domain/sealing/opened';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { type CliProcess, startCli } from '@parley/infra/testing/cli-process';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openEach } from '@parley/infra/vault/open-each';
import { openVault } from '@parley/infra/vault/open-vault';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IrcFile, writeIrcLogs } from './irc-log.js';
import { openLogLength } from './log-length.js';
import { projected, type ReadModel, readModel } from './read-model.js';

const logs = writeIrcLogs(7, 15, 200);
const lines = logs.flatMap((file) => file.lines);
let directory: string;
let paths: readonly string[];
let undisturbed: Outcome;
/** Digests agree between systems that have the same one. */
const banKey = randomBytes(32);
const environments: TestEnvironment[] = [];
const systems: SystemProcesses[] = [];

/** A system after an import. */
type Outcome = {
  readonly world: World;
  readonly report: Report;
  readonly events: number;
  readonly model: ReadModel;
};
type World = Awaited<ReturnType<typeof newWorld>>;
type Report = Readonly<
  Record<'lines' | (typeof kindsOfReport)[number] | 'sent' | 'skipped' | 'latin1', number>
>;
const kindsOfReport = ['messages', 'actions', 'membership', 'nickChanges', 'notUnderstood'] as const;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-irc-'));
  paths = await Promise.all(logs.map((file) => write(file)));
  const world = await newWorld();
  undisturbed = await outcomeOf(world, await reportOf(world.startImport()));
});
afterAll(async () => {
  await Promise.all(systems.map((system) => system.stop()));
  await Promise.all(environments.map((environment) => environment.dispose()));
  await rm(directory, { recursive: true, force: true });
});

async function write({ name, lines }: IrcFile): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, Buffer.concat(lines.flatMap(({ bytes }) => [bytes, Buffer.from('\n')])));
  return path;
}

async function newWorld(projectors = 1) {
  const environment = await testEnvironment();
  environments.push(environment);
  const system = await startSystem(environment, [], banKey);
  systems.push(system);
  for (let more = 1; more < projectors; more++) await system.add('projector');
  const env = { PARLEY_URL: system.ws, PARLEY_TOKEN: await system.token('importer', 'import') };
  const startImport = (...flags: readonly string[]): CliProcess =>
    startCli(['import', 'irc', ...paths, ...flags], env);
  return { environment, system, startImport: (json = true) => startImport(...(json ? ['--json'] : [])) };
}

async function reportOf(run: CliProcess): Promise<Report> {
  expect(await run.ended, run.output.err).toBe(0);
  return JSON.parse(run.output.out) as Report;
}

/** What is there once the projectors have caught up with the log. */
async function outcomeOf(world: World, report: Report): Promise<Outcome> {
  const { natsUrl, databaseUrl } = world.environment;
  const log = await openLogLength(natsUrl);
  const events = await log.count();
  await log.close();
  await waitFor(async () => (await projected(databaseUrl)) >= events, {
    what: 'the projectors',
    timeout: 30_000,
  });
  return { world, report, events, model: await opened(natsUrl, await readModel(databaseUrl)) };
}

/** What people said, and how they called it: sealed it is different in every run. */
async function opened(natsUrl: string, model: ReadModel): Promise<ReadModel> {
  const nats = await connectNats(natsUrl, 'opened');
  const vault = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
  const bodies = await vault.open(
    model.messages.map(({ conversation_id: conversationId, seq, author, body }) => ({
      place: { conversationId, seq: Number(seq), author },
      opaque: body,
    })),
  );
  const titles = await openEach(
    vault,
    model.conversations.map(({ conversation_id: id, title }) =>
      title === null ? undefined : closedTitle(id, title),
    ),
  );
  await vault.close();
  await nats.close();
  return {
    ...model,
    messages: model.messages.map((row, index) => ({ ...row, body: (said(bodies[index]) as TextBody).text })),
    conversations: model.conversations.map((row, index) => ({
      ...row,
      title: said(titles[index]) as string | null,
    })),
  };
}

type TextBody = { readonly text: string };

function said(opened: Opened | undefined): unknown {
  if (opened === undefined) return null;
  if (opened.tag !== 'open') throw new Error(`it is ${opened.tag}`);
  return JSON.parse(opened.json);
}

function expectWhole({ model, events }: Outcome): void {
  for (const { conversationId, lines } of logs) {
    const rows = model.messages.filter((row) => row.conversation_id === conversationId);
    expect(rows.map(({ body }) => body)).toEqual(lines.flatMap(({ text }) => text ?? []));
    expect(rows.map(({ ordinal }) => Number(ordinal))).toEqual(rows.map((_, index) => index + 1));
  }
  expect(model.deadLetters).toBe(0);
  expect(events).toBe(undisturbed.events);
  expect(model).toEqual(undisturbed.model);
}

describe('an import that nothing disturbs', () => {
  it('brings every line over once, and its numbers sum to the lines of the files', () => {
    const { report } = undisturbed;
    const written = (kind: string) => lines.filter((line) => line.kind === kind).length;
    expect(report).toMatchObject({
      lines: lines.length,
      messages: written('message'),
      actions: written('action'),
      membership: written('membership'),
      nickChanges: written('nick change'),
      notUnderstood: written('not understood'),
    });
    expect(kindsOfReport.reduce((sum, kind) => sum + report[kind], 0)).toBe(report.lines);
    // Each file's conversation is created besides.
    expect(report.sent + logs.length).toBe(undisturbed.events);
    expectWhole(undisturbed);
  });

  it('changes nothing when it is run again, and prints the same table', async () => {
    const { world, report } = undisturbed;
    const again = world.startImport(false);
    expect(await again.ended, again.output.err).toBe(0);
    const count = (row: string): number =>
      Number(new RegExp(`${row}\\D+([\\d,]+)`).exec(again.output.out)?.[1]?.replaceAll(',', ''));
    const counts = ['messages', 'actions', 'membership', 'nick changes', 'not understood'].map(count);
    expect(counts).toEqual(kindsOfReport.map((kind) => report[kind]));
    expect(count('lines read')).toBe(counts.reduce((sum, each) => sum + each, 0));
    expect(again.output.out).toMatch(
      new RegExp(`^0 commands sent, ${report.sent.toLocaleString('en-US')} done before`, 'm'),
    );
    expectWhole(await outcomeOf(world, report));
  });
});

describe('an import during which everything is killed', () => {
  it('ends as the undisturbed one did, with nothing lost and nothing repeated', async () => {
    const world = await newWorld();
    const { system, environment } = world;
    const log = await openLogLength(environment.natsUrl);
    const reached = (part: number) =>
      waitFor(async () => (await log.count()) >= part * undisturbed.events, {
        what: `${part} of the log`,
        timeout: 60_000,
      });

    const first = world.startImport();
    await reached(0.1);
    const [projector] = [system.killAndRestart('projector')];
    await reached(0.2);
    await system.killAndRestart('command-api');
    await reached(0.3);
    await projector;
    await system.killAndRestart('gateway');
    await reached(0.5);
    expect(first.child.exitCode, 'the import is in its middle').toBeNull();
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const middle = await log.count();
    expect(middle).toBeLessThan(undisturbed.events);

    const second = world.startImport();
    await reached(0.6);
    await system.killAndRestart('gateway');
    await reached(0.7);
    const again = system.killAndRestart('projector');
    await reached(0.8);
    await system.killAndRestart('command-api');
    await again;
    const report = await reportOf(second);
    await log.close();

    expect(report.skipped).toBeGreaterThan(0);
    expect(report.sent + report.skipped).toBe(undisturbed.report.sent);
    expectWhole(await outcomeOf(world, report));
  });
});

describe('two projectors', () => {
  it('make of the same log what one makes, also when one is killed', async () => {
    const world = await newWorld(2);
    const run = world.startImport();
    await waitFor(async () => (await projected(world.environment.databaseUrl)) > undisturbed.events / 4, {
      what: 'a quarter of the log to be projected',
      timeout: 60_000,
    });
    await world.system.killAndRestart('projector');
    expectWhole(await outcomeOf(world, await reportOf(run)));
  });
});
