import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParleyClient } from '@parley/client/parley-client';
import { startCli } from '@parley/infra/testing/cli-process';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeIrcLogs } from './irc-log.js';
import type { WebPerson } from './web/web-person.js';
import { groupOf, startWebStack, type WebStack } from './web/web-stack.js';

const CONVERSATION = 'irc-garden';

let stack: WebStack;
let seqs: readonly number[];

beforeAll(async () => {
  stack = await startWebStack();
  await importLog();
  const demo = await stack.client('demo');
  seqs = await everySeq(demo, CONVERSATION);
  await stack.clear();
});
afterEach(() => stack.clear());
afterAll(() => stack?.stop());

/** Ten days of a channel, more than 10,000 messages, as `parley import irc` brings them in. */
async function importLog(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-web-log-'));
  const paths: string[] = [];
  for (const { name, lines } of writeIrcLogs(7, 10, 1_500)) {
    const path = join(folder, name);
    await writeFile(path, Buffer.concat(lines.flatMap(({ bytes }) => [bytes, Buffer.from('\n')])));
    paths.push(path);
  }
  const token = await stack.system.token('demo', 'import');
  const run = startCli([
    'import',
    'irc',
    '--into',
    CONVERSATION,
    '--url',
    stack.system.ws,
    '--token',
    token,
    ...paths,
  ]);
  expect(await run.ended, run.output.err).toBe(0);
  await rm(folder, { recursive: true });
}

async function everySeq(client: ParleyClient, conversationId: string): Promise<readonly number[]> {
  const { revision } = await client.call('conversation.get', { conversationId });
  const found: number[] = [];
  for (let before: string | undefined, more = true; more; ) {
    const page = await client.messages(conversationId, {
      limit: 200,
      ...(before === undefined ? { minSeq: revision } : { before }),
    });
    found.unshift(...page.messages.map(({ seq }) => seq));
    before = page.nextCursor;
    more = page.hasMore;
  }
  return found;
}

/** Seqs that are in the page, in the order in which they are shown. */
const shown = ({ page }: WebPerson): Promise<readonly number[]> =>
  page
    .locator('.messages')
    .evaluate((list) =>
      [...list.querySelectorAll('[data-seq]')].map((row) => Number((row as HTMLElement).dataset.seq)),
    );

type Run = { readonly first: number; readonly last: number; readonly count: number };

/** From now on the page writes down which run of messages it shows, at every change. */
const recordRuns = ({ page }: WebPerson): Promise<void> =>
  page.locator('.messages').evaluate((list) => {
    const runs: Run[] = [];
    Object.assign(globalThis, { runs });
    const record = (): void => {
      const seqs = [...list.querySelectorAll('[data-seq]')].map((row) =>
        Number((row as HTMLElement).dataset.seq),
      );
      runs.push({ first: seqs[0] as number, last: seqs.at(-1) as number, count: seqs.length });
    };
    record();
    new MutationObserver(record).observe(list, { childList: true });
  });

/** Turns the wheel until the message at that end is shown; every run that was shown meanwhile. */
async function scrollTo(person: WebPerson, delta: number, end: number): Promise<readonly Run[]> {
  const { page } = person;
  await recordRuns(person);
  await page.locator('.scroller').hover();
  while (!(await shown(person)).includes(end)) await page.mouse.wheel(0, delta);
  return page.evaluate(() => (globalThis as unknown as { runs: readonly Run[] }).runs);
}

/** Each run is one of the log without holes or doubles, none is too long, and each goes on from the one before. */
function expectWhole(runs: readonly Run[]): void {
  const places = runs.map(({ first, last, count }) => ({
    from: seqs.indexOf(first),
    to: seqs.indexOf(last),
    count,
  }));
  places.forEach(({ from, to, count }, index) => {
    expect(from).toBeGreaterThanOrEqual(0);
    expect(to - from + 1).toBe(count);
    expect(count).toBeLessThanOrEqual(200);
    const before = places[index - 1] ?? { from, to };
    expect(from).toBeLessThanOrEqual(before.to + 1);
    expect(to).toBeGreaterThanOrEqual(before.from - 1);
  });
  expect(Math.min(...places.map(({ from }) => from))).toBe(0);
  expect(Math.max(...places.map(({ to }) => to))).toBe(seqs.length - 1);
}

describe('a log of 10,000 messages', () => {
  it('opens at the first unread, and scrolls to its end and back without holes or doubles', async () => {
    const demo = await stack.person('demo');
    await demo.open(CONVERSATION);
    await demo.page.locator('.new-line').waitFor();
    expect(seqs.length).toBeGreaterThan(10_000);
    expect((await shown(demo))[0]).toBe(seqs[0]);

    expectWhole(await scrollTo(demo, 2_500, seqs.at(-1) as number));
    await demo.page.mouse.wheel(0, 100_000);
    await waitFor(async () => (await demo.page.locator('.conversation .badge').count()) === 0, {
      what: 'everything to be read',
    });
    expectWhole(await scrollTo(demo, -2_500, seqs[0] as number));
    expect(demo.troubles).toEqual([]);

    await demo.page.getByRole('button', { name: 'To the newest message' }).click();
    await waitFor(async () => (await shown(demo)).at(-1) === seqs.at(-1), { what: 'the newest message' });
  });

  it('stays where one reads while others write and older pages come', async () => {
    const owner = await stack.client('ann');
    const conversationId = await groupOf(owner, 'Long talk', ['bob']);
    for (let n = 0; n < 400; n++) await owner.send(conversationId, { text: `line ${n}` });
    await owner.mark({ conversationId, read: 401 });
    const ann = await stack.person('ann');
    await ann.open('Long talk');
    await ann.message('line 399').waitFor();
    await ann.page.locator('.scroller').hover();
    await ann.page.mouse.wheel(0, -1_500);
    const place = (text: string) =>
      ann.message(text).evaluate((row) => Math.round(row.getBoundingClientRect().top));
    const middle = await ann.page.evaluate(() => {
      const { left, top, height, width } = (
        document.querySelector('.scroller') as Element
      ).getBoundingClientRect();
      const row = document.elementFromPoint(left + width / 2, top + height / 2)?.closest('.message');
      return row?.querySelector('.text')?.textContent ?? '';
    });
    const before = await place(middle);
    const bob = await stack.client('bob');
    for (let n = 0; n < 5; n++) await bob.send(conversationId, { text: `bob says ${n}` });
    await ann.page.getByRole('button', { name: 'To the newest message, 5 unread' }).waitFor();
    await waitFor(async () => (await shown(ann)).length > 90, { what: 'an older page' });
    expect(Math.abs((await place(middle)) - before)).toBeLessThanOrEqual(2);
  });
});
