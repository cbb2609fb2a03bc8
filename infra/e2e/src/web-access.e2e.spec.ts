import { waitFor } from '@parley/infra/testing/wait-for';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { serious } from './web/serious.js';
import { groupOf, startWebStack, type WebStack } from './web/web-stack.js';

let stack: WebStack;

beforeAll(async () => {
  stack = await startWebStack();
  const ann = await stack.client('ann');
  const conversationId = await groupOf(ann, 'Friends', ['bob', 'demo']);
  const { seq } = await ann.send(conversationId, { text: 'hello `code` https://example.org' });
  await ann.send(conversationId, { text: '```\nblock\n```', replyTo: seq });
  const bob = await stack.client('bob');
  await bob.call('message.react', { conversationId, seq, emoji: '👍' });
  await bob.send(conversationId, { text: 'an answer', replyTo: seq });
  await groupOf(ann, 'Others', ['bob', 'demo']);
  await stack.clear();
});
afterEach(() => stack.clear());
afterAll(() => stack?.stop());

describe.each(['light', 'dark'] as const)('the page, %s', (colorScheme) => {
  it('has nothing that keeps somebody out', async () => {
    const visitor = await stack.person('demo', { signsIn: false, colorScheme });
    await visitor.page.getByRole('button', { name: 'Continue as demo' }).waitFor();
    expect(await serious(visitor.page)).toEqual([]);
    const { page, ...demo } = await stack.person('demo', { colorScheme, reducedMotion: 'reduce' });
    await demo.open('Friends');
    await demo.message('an answer').waitFor();
    expect(await serious(page)).toEqual([]);
    await page.getByRole('button', { name: 'About this conversation' }).click();
    await page.locator('.person').first().waitFor();
    expect(await serious(page)).toEqual([]);
    for (const name of ['New conversation', 'Settings']) {
      await page.getByRole('button', { name }).click();
      await page.getByRole('dialog').waitFor();
      expect(await serious(page)).toEqual([]);
      await page.keyboard.press('Escape');
    }
    await page.getByRole('button', { name: 'Emoji' }).click();
    await page.getByRole('searchbox', { name: 'Search emoji' }).fill('party');
    await page.getByRole('button', { name: 'party popper' }).waitFor();
    expect(await serious(page)).toEqual([]);
    await page.getByRole('button', { name: 'party popper' }).click();
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('🎉');
  });
});

describe('by keys alone', () => {
  it('one finds a conversation, reads, answers, reacts, edits and leaves', async () => {
    const { page, ...demo } = await stack.person('demo');
    await page.locator('.conversation').filter({ hasText: 'Friends' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('frie');
    await page.keyboard.press('Enter');
    await demo.message('an answer').waitFor();
    // The field has the focus: what one types is a message.
    await page.keyboard.type('by keys');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('alone');
    await page.keyboard.press('Enter');
    await demo
      .message('by keys')
      .getByLabel(/^(?:Sent|Delivered|Read)/)
      .waitFor();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.type(', mended');
    await page.keyboard.press('Enter');
    await demo.message('alone, mended').getByText('edited').waitFor();
    await page.keyboard.press('ArrowUp');
    await page.getByText('Edit message').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Edit message').waitFor({ state: 'detached' });

    // Back into the messages: the newest, the one above it, its tools.
    await page.locator('.message').last().focus();
    await page.keyboard.press('ArrowUp');
    const toolbar = demo.message('an answer').getByRole('toolbar');
    await toolbar.waitFor();
    await page.keyboard.press('Tab');
    while (
      !(await toolbar
        .getByRole('button', { name: 'Like' })
        .evaluate((node) => node === document.activeElement))
    )
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await demo.message('an answer').getByRole('button', { name: '👍, 1, mine' }).waitFor();
    await toolbar.getByRole('button', { name: 'More' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Copy text' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });

    // A list is one stop; arrows move in it.
    await page.locator('.conversation.open').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('.thread-title h2').getByText('Others').waitFor();

    // A dialog keeps the focus and gives it back.
    await page.getByRole('button', { name: 'Settings' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    for (let n = 0; n < 12; n++) await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('dialog, body')?.tagName)).toBe(
      'DIALOG',
    );
    await page.keyboard.press('Escape');
    expect(
      await page
        .getByRole('button', { name: 'Settings' })
        .evaluate((node) => node === document.activeElement),
    ).toBe(true);
    expect(demo.troubles).toEqual([]);
  });
});

describe('on a phone', () => {
  it('one pane is shown at a time, and what one touches is large enough', async () => {
    const { page, ...demo } = await stack.person('demo', {
      viewport: { width: 375, height: 720 },
      hasTouch: true,
      isMobile: true,
    });
    await demo.open('Friends');
    await demo.message('an answer').waitFor();
    expect(await page.locator('.list-pane').isVisible()).toBe(false);
    await demo.say('from the tram');
    await demo
      .message('from the tram')
      .getByLabel(/^(?:Sent|Delivered|Read)/)
      .waitFor();
    await demo.message('an answer').tap();
    await demo.message('an answer').getByRole('toolbar').waitFor();
    const small = await page.locator('.thread button:visible').evaluateAll((buttons) =>
      buttons
        // In a line of text, or on a message: there is another way to those (WCAG 2.5.8).
        .filter((button) => button.closest('.bubble, .reactions') === null)
        .map((button) => ({
          name: button.getAttribute('aria-label'),
          ...button.getBoundingClientRect().toJSON(),
        }))
        .filter(({ width, height }) => width < 42 || height < 42),
    );
    expect(small).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.goBack();
    await page.locator('.list-pane').waitFor();
    expect(await page.locator('.thread').count()).toBe(0);
    expect(demo.troubles).toEqual([]);
  });
});

const NOTHING = { local: [] as string[], session: [] as string[], stored: 0 };

/** What the browser keeps of the person whose page this was. */
const left = (page: Page): Promise<typeof NOTHING> =>
  page.evaluate(async () => {
    const storedRecords = async (): Promise<number> => {
      let records = 0;
      for (const { name = '' } of await indexedDB.databases()) {
        const database = await new Promise<IDBDatabase>((resolve, reject) => {
          const opening = indexedDB.open(name);
          opening.onsuccess = () => resolve(opening.result);
          opening.onerror = () => reject(opening.error);
        });
        for (const store of database.objectStoreNames)
          records += await new Promise<number>((resolve) => {
            const counting = database.transaction(store).objectStore(store).count();
            counting.onsuccess = () => resolve(counting.result);
          });
        database.close();
      }
      return records;
    };
    return {
      local: Object.keys(localStorage).filter((key) => key !== 'parley.theme'),
      session: Object.keys(sessionStorage),
      stored: await storedRecords(),
    };
  });

describe('a session', () => {
  it('that ends asks for a new token, and goes on where it was', async () => {
    const { page, ...demo } = await stack.person('demo', { signsIn: false });
    await page.getByText('Sign in with a token').click();
    const token = await stack.system.token('demo', undefined, 14);
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await demo.open('Friends');
    await page.getByLabel('Message', { exact: true }).fill('half a word');
    await page.getByRole('heading', { name: 'Your session is ending' }).waitFor();
    await page.getByLabel('New token').fill('nonsense');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('This is not a token').waitFor();
    await page.getByLabel('New token').fill(await stack.system.token('bob'));
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('This token is bob’s').waitFor();
    await page.getByLabel('New token').fill(await stack.system.token('demo'));
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('heading', { name: 'Your session is ending' }).waitFor({ state: 'detached' });
    expect(await page.getByLabel('Message', { exact: true }).inputValue()).toBe('half a word');
    await page.getByLabel('Message', { exact: true }).press('Enter');
    await demo
      .message('half a word')
      .getByLabel(/^(?:Sent|Delivered|Read)/)
      .waitFor();
    expect(demo.troubles).toEqual([]);
  });

  it('with a token that is refused ends at the door, with the reason', async () => {
    const { page } = await stack.person('demo', { signsIn: false });
    await page.getByText('Sign in with a token').click();
    const [head, body] = (await stack.system.token('demo')).split('.');
    await page.getByLabel('Token', { exact: true }).fill(`${head}.${body}.AAAA`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('token').waitFor();
    await page.getByRole('button', { name: 'Continue as demo' }).waitFor();
  });

  it('on another device is ended from here, and that window says why', async () => {
    const phone = await stack.client('bob');
    await phone.call('device.register', { keys: 'public', name: 'Old phone' });
    const there = await stack.person('bob', { signsIn: false });
    await there.page.getByText('Sign in with a token').click();
    await there.page.getByLabel('Token', { exact: true }).fill(await stack.system.token('bob'));
    await there.page.getByRole('button', { name: 'Sign in' }).click();
    await there.open('Friends');
    const here = await stack.person('bob');
    await here.page.getByRole('button', { name: 'Settings' }).click();
    const device = here.page.getByRole('dialog').locator('.person').filter({ hasText: 'Old phone' });
    await waitFor(async () => (await left(there.page)).stored > 0, { what: 'the list to be stored' });
    await device.getByRole('button', { name: 'End it' }).click();
    await there.page.getByRole('alert').getByText('This device was revoked').waitFor();
    await device.getByText(/^ended/).waitFor();
    expect(await left(there.page)).toEqual(NOTHING);
  });

  it('that is signed out leaves nothing, in any window', async () => {
    const demo = await stack.person('demo');
    await demo.open('Friends');
    await demo.page.getByLabel('Message', { exact: true }).fill('a draft');
    const other = await demo.page.context().newPage();
    await other.goto(`${stack.web}/#as=demo`);
    await other.locator('.conversation').first().waitFor();
    await demo.page.getByRole('button', { name: 'Settings' }).click();
    await demo.page.getByRole('button', { name: 'Sign out' }).click();
    // They share what is stored, and each writes until it has left.
    for (const page of [demo.page, other])
      await page.getByRole('button', { name: 'Continue as demo' }).waitFor();
    for (const page of [demo.page, other]) expect(await left(page)).toEqual(NOTHING);
  });
});
