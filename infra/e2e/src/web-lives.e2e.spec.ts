import { connect } from '@parley/client/parley-client';
import { waitFor } from '@parley/infra/testing/wait-for';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { serious } from './web/serious.js';
import type { WebPerson } from './web/web-person.js';
import { groupOf, startWebStack, type WebPeople, type WebStack } from './web/web-stack.js';

const HOUR = 3_600_000;

let stack: WebStack;

beforeAll(async () => {
  stack = await startWebStack();
});
afterAll(() => stack?.stop());

/** Whoever a test calls leaves with it: most of these tests wait for lives to end, and do so beside each other. */
function peopleOf({ onTestFinished }: TestContext): WebPeople {
  const people = stack.people();
  onTestFinished(() => people.clear());
  return people;
}

async function groupOfTwo(people: WebPeople, title: string) {
  const owner = await people.client('ann');
  const conversationId = await groupOf(owner, title, ['bob']);
  return { owner, conversationId };
}

/** An operator without a page. */
async function operator(scope: string) {
  const client = await connect({
    url: stack.system.ws,
    token: await stack.system.token('olga', scope),
    device: 'd1',
  });
  return client;
}

const about = ({ page }: WebPerson) => page.getByRole('button', { name: 'About this conversation' });
const gone = (person: WebPerson, text: string) =>
  person.message(text).waitFor({ state: 'detached', timeout: 60_000 });

/** From now on the page writes down every text of a message that it shows. */
const recordTexts = (page: Page): Promise<void> =>
  page
    .locator('.messages')
    .first()
    .evaluate((list) => {
      const seen = new Set<string>();
      Object.assign(globalThis, { seen });
      const record = (): void => {
        for (const text of list.querySelectorAll('.text')) seen.add(text.textContent ?? '');
      };
      record();
      new MutationObserver(record).observe(list, { childList: true, subtree: true });
    });

const texts = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => [...(globalThis as unknown as { seen: Set<string> }).seen]);

/** Everything that the browser keeps for this page, as text. */
const stored = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const all: unknown[] = [{ ...localStorage }, { ...sessionStorage }];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(opening.error);
      });
      for (const store of database.objectStoreNames)
        all.push(
          await new Promise((resolve) => {
            const reading = database.transaction(store).objectStore(store).getAll();
            reading.onsuccess = () => resolve(reading.result);
          }),
        );
      database.close();
    }
    return JSON.stringify(all);
  });

/** The clock of the device is put ahead or back: all that the page asks it for. */
const putClock = (page: Page, by: number): Promise<void> =>
  page.evaluate((by) => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + by;
  }, by);

describe.concurrent('messages that go', () => {
  it('do not move what one reads, also where the first in view is one of them', async (context) => {
    const people = peopleOf(context);
    const { owner, conversationId } = await groupOfTwo(people, 'Still');
    for (let n = 0; n < 30; n++) await owner.send(conversationId, { text: `above ${n}` });
    for (let n = 0; n < 3; n++) await owner.send(conversationId, { text: `goes ${n}`, ttl: 30 });
    for (let n = 0; n < 30; n++) await owner.send(conversationId, { text: `below ${n}` });
    const bob = await people.person('bob');
    await bob.open('Still');
    await bob.page.getByRole('button', { name: 'To the newest message' }).click();
    const scroller = bob.page.getByLabel('Messages', { exact: true });
    await bob.message('below 29').waitFor();
    // The last of those that go is the first in view, and cut by its edge: the others are above it.
    await bob.message('goes 2').evaluate((row) => {
      const view = row.closest('.scroller') as HTMLElement;
      view.scrollTop = (row as HTMLElement).offsetTop + 10;
    });
    const place = (): Promise<number> =>
      bob.message('below 3').evaluate((row) => Math.round(row.getBoundingClientRect().top));
    await waitFor(async () => (await place()) < 600, { what: 'the view to be there' });
    const before = await place();
    for (const text of ['goes 0', 'goes 1', 'goes 2']) await gone(bob, text);
    await waitFor(async () => (await bob.page.locator('.vanishing > *').count()) === 0, {
      what: 'the fading to be over',
    });
    expect(Math.abs((await place()) - before)).toBeLessThanOrEqual(2);
    expect(await scroller.evaluate((view) => view.scrollTop > 0)).toBe(true);
  });
});

describe.concurrent('messages of five seconds', () => {
  it('are chosen beside the conversation, told in it, and go in both windows', async (context) => {
    const people = peopleOf(context);
    await groupOfTwo(people, 'Brief');
    const [ann, bob] = [await people.person('ann'), await people.person('bob')];
    for (const person of [ann, bob]) await person.open('Brief');
    await ann.say('stays');
    await about(ann).click();
    await ann.page.getByText('Other', { exact: true }).click();
    await ann.page.getByLabel('How many').fill('4');
    await ann.page.getByLabel('Of what').selectOption('seconds');
    expect(await ann.page.getByRole('button', { name: 'Set', exact: true }).isDisabled()).toBe(true);
    await ann.page.getByLabel('How many').fill('5');
    await ann.page.getByRole('button', { name: 'Set', exact: true }).click();
    await ann.page.getByText('You set messages to disappear after 5 seconds').waitFor();
    await bob.page.getByText('ann set messages to disappear after 5 seconds').waitFor();
    await ann.say('does not stay');
    await bob
      .message('does not stay')
      .getByLabel(/^Disappears/)
      .waitFor();
    await ann.message('does not stay').waitFor();
    for (const person of [ann, bob]) await gone(person, 'does not stay');
    for (const person of [ann, bob]) await person.message('stays').waitFor();
    await waitFor(async () => !(await stored(bob.page)).includes('does not stay'), {
      what: 'nothing stored',
    });
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });

  it('are one message’s own where it asks for that', async (context) => {
    const people = peopleOf(context);
    await groupOfTwo(people, 'Its own');
    const ann = await people.person('ann');
    await ann.open('Its own');
    await ann.page.getByRole('button', { name: 'Life of this message' }).click();
    await ann.page.getByRole('menuitemradio', { name: 'Gone after 10 seconds' }).click();
    await ann.page.getByText('Gone 10 seconds after it is sent').waitFor();
    await ann.say('short');
    await ann
      .message('short')
      .getByLabel(/^Disappears/)
      .waitFor();
    await ann.page.getByText('Gone 10 seconds after it is sent').waitFor({ state: 'detached' });
    await ann.say('long');
    await ann
      .message('long')
      .getByLabel(/^(?:Sent|Delivered|Read)/)
      .waitFor();
    expect(
      await ann
        .message('long')
        .getByLabel(/^Disappears/)
        .count(),
    ).toBe(0);
    await gone(ann, 'short');
  });

  it('go without a connection, are not there after a reload without one, and never come back', async (context) => {
    const people = peopleOf(context);
    const { owner, conversationId } = await groupOfTwo(people, 'Tunnel');
    const { person: bob, line } = await people.personOnLine('bob');
    await bob.open('Tunnel');
    await owner.send(conversationId, { text: 'before' });
    await bob.message('before').waitFor();
    await recordTexts(bob.page);
    await owner.send(conversationId, { text: 'a short one', ttl: 6 });
    await bob.message('a short one').waitFor();
    await bob.page.locator('.conversation-preview').getByText('a short one').waitFor();
    line.cut();
    await bob.page.getByText(/Reconnecting/).waitFor();
    const missed = await owner.send(conversationId, { text: 'never seen', ttl: 5 });
    await gone(bob, 'a short one');
    await bob.page.locator('.conversation-preview').getByText('a short one').waitFor({ state: 'detached' });
    await waitFor(async () => !(await stored(bob.page)).includes('a short one'), { what: 'nothing stored' });
    await bob.page.reload();
    await bob.page.locator('.conversation').filter({ hasText: 'Tunnel' }).waitFor();
    expect(await bob.page.getByText('a short one').count()).toBe(0);
    await waitFor(() => owner.now() > missed.at + 5_000, { what: 'the missed one to be over' });
    line.mend();
    await bob.message('before').waitFor();
    await recordTexts(bob.page);
    await owner.send(conversationId, { text: 'after' });
    await bob.message('after').waitFor();
    expect(await texts(bob.page)).toEqual(['before', 'after']);
    expect(bob.troubles).toEqual([]);
  });

  it.for([
    ['ahead', HOUR],
    ['behind', -HOUR],
  ] as const)(
    'go at their time, untold, on a device whose clock is an hour %s',
    async ([how, off], context) => {
      const people = peopleOf(context);
      const { owner, conversationId } = await groupOfTwo(people, `Clock ${how}`);
      const { person: bob, line } = await people.personOnLine('bob');
      await bob.open(`Clock ${how}`);
      await bob.page.addInitScript((off) => {
        const now = Date.now.bind(Date);
        Date.now = () => now() + off;
      }, off);
      await bob.page.reload();
      await bob.open(`Clock ${how}`);
      const { at } = await owner.send(conversationId, { text: 'five seconds', ttl: 5 });
      await bob.message('five seconds').waitFor();
      line.cut();
      await gone(bob, 'five seconds');
      expect(owner.now() - at).toBeGreaterThanOrEqual(4_900);
    },
  );
});

describe.concurrent('a device that wakes, or whose clock is set', () => {
  it('shows nothing of what ended while it slept, before it has a connection again', async (context) => {
    const people = peopleOf(context);
    const { owner, conversationId } = await groupOfTwo(people, 'Asleep');
    const { person: bob, line } = await people.personOnLine('bob');
    await bob.open('Asleep');
    await owner.send(conversationId, { text: 'stays' });
    await owner.send(conversationId, { text: 'half an hour', ttl: 1_800 });
    await bob.message('half an hour').waitFor();
    line.cut();
    await bob.page.getByText(/Reconnecting/).waitFor();
    await putClock(bob.page, HOUR);
    await gone(bob, 'half an hour');
    await bob.message('stays').waitFor();
  });

  it('shows again what a clock that was put ahead has hidden, once it has asked', async (context) => {
    const people = peopleOf(context);
    const { owner, conversationId } = await groupOfTwo(people, 'Leap');
    const bob = await people.person('bob');
    await bob.open('Leap');
    await owner.send(conversationId, { text: 'half an hour', ttl: 1_800 });
    await bob.message('half an hour').waitFor();
    await recordTexts(bob.page);
    await putClock(bob.page, HOUR);
    await bob.page.evaluate(() => dispatchEvent(new Event('online')));
    await bob.message('half an hour').waitFor();
    await owner.send(conversationId, { text: 'after' });
    await bob.message('after').waitFor();
    expect(await texts(bob.page)).toEqual(['half an hour', 'after']);
    await waitFor(async () => (await bob.message('half an hour').count()) === 1, {
      what: 'it to be there once',
    });
  });
});

describe.concurrent('a conversation', () => {
  it('on legal hold says so, why and since when, and is not erased meanwhile', async (context) => {
    const people = peopleOf(context);
    const { owner, conversationId } = await groupOfTwo(people, 'Held');
    const ann = await people.person('ann');
    await ann.open('Held');
    const olga = await operator('hold');
    await owner.send(conversationId, { text: 'hidden all the same', ttl: 6 });
    await olga.call('conversation.hold', { conversationId, reason: 'case 4711' });
    const banner = ann.page.getByRole('region', { name: 'Legal hold' });
    await banner.getByText('case 4711').waitFor();
    await banner.getByText('By olga since').waitFor();
    await ann.page.getByText('olga put the conversation on legal hold: case 4711').waitFor();
    await about(ann).click();
    expect(await ann.page.getByRole('button', { name: 'Erase for everyone' }).isDisabled()).toBe(true);
    await gone(ann, 'hidden all the same');
    await ann.page.reload();
    await banner.getByText('case 4711').waitFor();
    await olga.call('conversation.release', { conversationId });
    await banner.waitFor({ state: 'detached' });
    await olga.close();
    expect(ann.troubles).toEqual([]);
  });

  it('shows what is pinned, jumps there, and lets go of it', async (context) => {
    const people = peopleOf(context);
    const { owner, conversationId } = await groupOfTwo(people, 'Pins');
    await owner.send(conversationId, { text: 'the address' });
    for (let n = 0; n < 80; n++) await owner.send(conversationId, { text: `line ${n}` });
    const [ann, bob] = [await people.person('ann'), await people.person('bob')];
    await ann.open('Pins');
    await ann.message('line 79').waitFor();
    await ann.choose('line 79', 'Pin');
    const bar = ann.page.getByRole('region', { name: 'Pinned messages' });
    await bar.getByText('ann: line 79').waitFor();
    const { messages } = await owner.messages(conversationId, { limit: 100 });
    await owner.pin(conversationId, messages[0]?.seq as number);
    await bar.getByText('Pinned, 2 of 2').waitFor();
    await bar.getByText('ann: the address').click();
    await ann.message('the address').waitFor();
    await bar.getByText('Pinned, 1 of 2').waitFor();

    await bob.open('Pins');
    const theirs = bob.page.getByRole('region', { name: 'Pinned messages' });
    await theirs.getByText('ann: the address').waitFor();
    expect(await theirs.getByRole('button', { name: 'Unpin' }).count()).toBe(0);
    await ann.choose('the address', 'Unpin');
    await theirs.getByText('ann: line 79').waitFor();
    await bar.getByRole('button', { name: 'Unpin' }).click();
    for (const each of [bar, theirs]) await each.waitFor({ state: 'detached' });
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });

  it('ends at its time, in the list and where it is open', async (context) => {
    const people = peopleOf(context);
    const { owner, conversationId } = await groupOfTwo(people, 'Ending');
    const bob = await people.person('bob');
    await bob.open('Ending');
    await owner.send(conversationId, { text: 'until then' });
    await bob.message('until then').waitFor();
    await owner.setExpiry(conversationId, owner.now() + 8_000);
    await bob.page
      .locator('.thread-title')
      .getByText(/ends in \d+ s/)
      .waitFor();
    await gone(bob, 'until then');
    await bob.page.getByText('This conversation was erased.').waitFor();
    await bob.page.locator('.conversation').filter({ hasText: 'Ending' }).waitFor({ state: 'detached' });
    expect(bob.troubles).toEqual([]);
  });

  it('is erased by who types its name, for all who have it open', async (context) => {
    const people = peopleOf(context);
    await groupOfTwo(people, 'To forget');
    const [ann, bob] = [await people.person('ann'), await people.person('bob')];
    for (const person of [ann, bob]) await person.open('To forget');
    await ann.say('a secret');
    await bob.message('a secret').waitFor();
    await bob.page.getByLabel('Message', { exact: true }).fill('half a thought');
    await about(ann).click();
    await ann.page.getByRole('button', { name: 'Erase for everyone' }).click();
    const dialog = ann.page.getByRole('dialog');
    const sure = dialog.getByRole('button', { name: 'Erase for everyone' });
    await dialog.getByRole('textbox').fill('To forge');
    expect(await sure.isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('To forget');
    await sure.click();
    await bob.page.getByText('This conversation was erased.').waitFor();
    await gone(bob, 'a secret');
    for (const { page } of [ann, bob]) {
      await page.locator('.conversation').filter({ hasText: 'To forget' }).waitFor({ state: 'detached' });
      await waitFor(async () => !/secret|half a thought/.test(await stored(page)), {
        what: 'nothing stored',
      });
    }
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });
});

describe.each(['light', 'dark'] as const)('what tells of lives and ends, %s', (colorScheme) => {
  it('keeps nobody out', async (context) => {
    const people = peopleOf(context);
    const { owner, conversationId } = await groupOfTwo(people, `Access ${colorScheme}`);
    const olga = await operator('hold');
    const { seq } = await owner.send(conversationId, { text: 'pinned', ttl: 3_600 });
    await owner.pin(conversationId, seq);
    const { page, ...ann } = await people.person('ann', { colorScheme, reducedMotion: 'reduce' });
    await ann.open(`Access ${colorScheme}`);
    await owner.setTtl(conversationId, 600);
    await owner.setExpiry(conversationId, owner.now() + 24 * HOUR);
    await olga.call('conversation.hold', { conversationId, reason: 'a case' });
    await page.getByText('olga put the conversation on legal hold: a case').waitFor();
    expect(await serious(page)).toEqual([]);

    // By keys: the life of a message is chosen in a menu, and the first way out of it leads back.
    const life = page.getByRole('button', { name: 'Life of this message' });
    await life.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitemradio', { name: 'Like the others: 10 minutes', checked: true }).waitFor();
    expect(await serious(page)).toEqual([]);
    const hasFocus = (name: string) =>
      page.locator('[role=menuitemradio]:focus').filter({ hasText: name }).waitFor();
    await hasFocus('Like the others');
    await page.keyboard.press('ArrowDown');
    await hasFocus('Gone after 10 seconds');
    await page.keyboard.press('Enter');
    await page.getByText('Gone 10 seconds after it is sent').waitFor();
    expect(await serious(page)).toEqual([]);

    await page.getByRole('button', { name: 'About this conversation' }).click();
    await page.getByRole('radio', { name: '10 min' }).waitFor();
    await page.getByRole('complementary').getByText('10 min', { exact: true }).click();
    await page.getByLabel('How many').waitFor();
    await page.getByRole('button', { name: 'Date' }).click();
    expect(await serious(page)).toEqual([]);
    await olga.call('conversation.release', { conversationId });
    await page.getByRole('button', { name: 'Erase for everyone' }).click();
    await page.getByRole('dialog').waitFor();
    expect(await serious(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await olga.close();
    expect(ann.troubles).toEqual([]);
  });
});
