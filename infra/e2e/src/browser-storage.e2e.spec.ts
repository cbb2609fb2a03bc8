import { randomUUID } from 'node:crypto';
import { connect, type ParleyClient } from '@parley/client/parley-client';
import { openBrowser } from '@parley/infra/testing/open-browser';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ModulePage, serveModule } from './module-page.js';

let environment: TestEnvironment;
let system: SystemProcesses;
let browser: Browser;
let context: BrowserContext;
let site: ModulePage;
let bob: ParleyClient;

beforeAll(async () => {
  environment = await testEnvironment();
  system = await startSystem(environment);
  browser = await openBrowser();
  site = await serveModule(import.meta.resolve('@parley/client/testing/browser-entry'));
  bob = await connect({ url: system.ws, token: await system.token('bob'), device: 'd1' });
});
beforeEach(async () => {
  context = await browser.newContext();
});
afterEach(() => context.close());
afterAll(async () => {
  bob?.close();
  await browser?.close();
  site?.close();
  await system?.stop();
  await environment?.dispose();
});

const NOBODY = 'ws://127.0.0.1:9/v1/ws';

/** A tab in which a client of this user runs, as `client`. */
async function tab(user: string, url = system.ws): Promise<Page> {
  const page = await context.newPage();
  await page.goto(site.url);
  await page.evaluate(
    ({ token, url }) => {
      const client = sdk.createClient({ url, token, device: 'd1', storage: sdk.indexedDbStorage });
      Object.assign(globalThis, { client });
    },
    { token: await system.token(user), url },
  );
  return page;
}

declare const sdk: typeof import('@parley/client/testing/browser-entry');
declare const client: ParleyClient;

const send = (page: Page, conversationId: string, texts: readonly string[]): Promise<void> =>
  page.evaluate(
    async ([id, all]) => {
      const timeline = client.timeline(id as string);
      for (const text of all as readonly string[]) timeline.send({ body: { kind: 'text', text } });
      // A reload at once would be faster than any storage.
      while (timeline.snapshot().items.length < (all as readonly string[]).length)
        await new Promise((resolve) => setTimeout(resolve, 10));
    },
    [conversationId, texts] as const,
  );

async function group(): Promise<string> {
  const conversationId = randomUUID();
  await bob.call('conversation.create', { conversationId, kind: 'group', members: ['ann'] });
  return conversationId;
}

async function textsOf(conversationId: string, minSeq = 1): Promise<readonly unknown[]> {
  const { messages } = await bob.messages(conversationId, { limit: 200, minSeq });
  return messages.map(({ body }) => (body?.kind === 'text' ? body.text : body));
}

const numbered = (from: string, count: number) => Array.from({ length: count }, (_, n) => `${from} ${n}`);

describe('a page', () => {
  it('sends after a reload, once and in order, what it could not send before', async () => {
    const id = await group();
    const offline = await tab('ann', NOBODY);
    await send(offline, id, numbered('unsent', 5));
    await offline.close();
    const again = await tab('ann');
    await waitFor(async () => (await textsOf(id)).length === 5, { what: 'what was unsent' });
    expect(await textsOf(id)).toEqual(numbered('unsent', 5));
    await again.waitForFunction(() => client.unanswered === 0);
    await again.close();
    await tab('ann');
    const { seq } = await bob.send(id, { text: 'nothing after this' });
    expect(await textsOf(id, seq)).toEqual([...numbered('unsent', 5), 'nothing after this']);
  });

  it('shows a failed message again after a reload, until it is discarded', async () => {
    const id = await group();
    const first = await tab('ann');
    await bob.call('conversation.close', { conversationId: id });
    await first.evaluate((id) => void client.timeline(id).send({ body: { kind: 'text', text: 'late' } }), id);
    const failed = (page: Page) =>
      page.evaluate(async (id) => {
        const timeline = client.timeline(id);
        while (timeline.snapshot().items[0]?.progress !== 'failed')
          await new Promise((resolve) => setTimeout(resolve, 10));
        const [item] = timeline.snapshot().items;
        return { key: item?.key, tag: item?.refusal?.tag };
      }, id);
    const before = await failed(first);
    expect(before.tag).toBe('ConversationClosed');
    await first.close();
    const second = await tab('ann');
    expect(await failed(second)).toEqual(before);
    const left = await second.evaluate(
      async ([id, key]) => {
        const timeline = client.timeline(id as string);
        timeline.discard(key as string);
        return timeline.snapshot().items.length;
      },
      [id, before.key] as const,
    );
    expect(left).toBe(0);
  });

  it('shows the list it had while there is no connection, and nothing of it to somebody else or after signing out', async () => {
    const id = await group();
    await bob.send(id, { text: 'seen before' });
    const listed = (page: Page) =>
      page.evaluate(() => client.list.snapshot().conversations.map(({ conversationId }) => conversationId));
    const online = await tab('ann');
    await online.waitForFunction((id) => client.list.find(id)?.preview !== undefined, id);
    const isSaved = () =>
      online.evaluate(async () => {
        const names = (await indexedDB.databases()).map(({ name }) => name);
        return names.includes('parley:ann') && client.list.snapshot().conversations.length > 0;
      });
    expect(await isSaved()).toBe(true);
    await waitFor(
      async () => {
        const offline = await tab('ann', NOBODY);
        await offline.evaluate(() => client.list.snapshot());
        await offline.waitForTimeout(50);
        const seen = await listed(offline);
        await offline.close();
        return seen.includes(id);
      },
      { what: 'the list to be there without a connection' },
    );
    const other = await tab('cid', NOBODY);
    expect(await listed(other)).toEqual([]);
    await online.evaluate(() => client.signOut());
    const after = await tab('ann', NOBODY);
    await after.evaluate(() => client.list.snapshot());
    await after.waitForTimeout(200);
    expect(await listed(after)).toEqual([]);
  });
});

describe('two tabs of one user', () => {
  it('send each command once, one for both; when that one goes the other goes on', async () => {
    const id = await group();
    const [first, second] = [await tab('ann'), await tab('ann')];
    await Promise.all([send(first, id, numbered('first', 20)), send(second, id, numbered('second', 20))]);
    await waitFor(async () => (await textsOf(id)).length === 40, { what: 'what both have sent' });
    await second.waitForFunction(() => client.unanswered === 0);
    await first.close();
    await send(second, id, numbered('alone', 5));
    await waitFor(async () => (await textsOf(id)).length === 45, { what: 'what the other sends alone' });
    const texts = await textsOf(id);
    for (const [name, count] of [
      ['first', 20],
      ['second', 20],
      ['alone', 5],
    ] as const)
      expect(texts.filter((text) => String(text).startsWith(name))).toEqual(numbered(name, count));
  });
});
