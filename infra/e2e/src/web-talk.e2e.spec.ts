import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { groupOf, startWebStack, type WebStack } from './web/web-stack.js';

let stack: WebStack;

beforeAll(async () => {
  stack = await startWebStack();
});
afterEach(() => stack.clear());
afterAll(() => stack?.stop());

/** A group of ann and bob, both looking at it. */
async function annAndBob(title: string) {
  const owner = await stack.client('ann');
  const conversationId = await groupOf(owner, title, ['bob']);
  const [ann, bob] = [await stack.person('ann'), await stack.person('bob')];
  await ann.open(title);
  await bob.open(title);
  return { owner, conversationId, ann, bob };
}

describe('two people in two windows', () => {
  it('begin at the first click, and see each other type, say, and read', async () => {
    const [ann, bob] = [await stack.person('ann'), await stack.person('bob', { signsIn: false })];
    await bob.page.getByRole('button', { name: 'Continue as bob' }).click();
    await ann.page.getByRole('button', { name: 'New conversation' }).first().click();
    await ann.page.getByRole('dialog').waitFor();
    await ann.page.keyboard.type('bob ', { delay: 20 });
    await ann.page.keyboard.press('Enter');
    await ann.page.locator('.thread-title h2').filter({ hasText: 'bob' }).waitFor();
    await ann.say('hello bob 👋');
    await bob.open('ann');
    await bob.message('hello bob 👋').waitFor();
    await ann.message('hello bob 👋').getByLabel('Read').waitFor();
    await ann.page.locator('.thread-title').getByText('online').waitFor();

    await bob.page.getByLabel('Message', { exact: true }).pressSequentially('hel');
    await ann.page.locator('.typing').getByText('bob is typing').waitFor();
    await bob.page.getByLabel('Message', { exact: true }).fill('hello ann');
    await bob.page.keyboard.press('Enter');
    await ann.message('hello ann').waitFor();
    await ann.page.locator('.typing').getByText('bob is typing').waitFor({ state: 'detached' });
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });

  it('see ticks grow, edits, reactions, answers and deletions of each other', async () => {
    const { owner, conversationId, ann, bob } = await annAndBob('Ticks');
    await ann.say('first');
    await bob.message('first').waitFor();
    await ann.message('first').getByLabel('Read').waitFor();

    await ann.page.getByLabel('Message', { exact: true }).press('ArrowUp');
    await ann.say('first, mended');
    await bob.message('first, mended').getByText('edited').waitFor();

    await bob.message('first, mended').hover();
    await bob.message('first, mended').getByRole('button', { name: 'Like' }).click();
    await ann.message('first, mended').getByRole('button', { name: '👍, 1' }).click();
    await bob.message('first, mended').getByRole('button', { name: '👍, 2, mine' }).waitFor();

    await bob.message('first, mended').hover();
    await bob.message('first, mended').getByRole('button', { name: 'Reply' }).click();
    await bob.say('an answer');
    await ann.message('an answer').locator('.quote').getByText('first, mended').waitFor();

    // Asked once, and answered from the rows.
    await waitFor(async () => (await owner.call('message.info', { conversationId, seq: 2 })).read === 1, {
      what: 'the mark to be in the rows',
    });
    await ann.choose('first, mended', 'Who has it');
    await ann.page.getByRole('dialog').getByText('Received by 1 and read by 1 of 1').waitFor();
    await ann.page.keyboard.press('Escape');
    await bob.message('an answer').locator('.bubble > .text').waitFor();
    await ann.page.locator('.message.mine').first().hover();
    await ann.page.locator('.message.mine').first().getByRole('button', { name: 'More' }).click();
    await ann.page.getByRole('menuitem', { name: 'Delete for everyone' }).click();
    await bob.page.getByText('This message was deleted').waitFor();
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });

  it('lose nothing when one of them is offline for a while and writes meanwhile', async () => {
    const owner = await stack.client('ann');
    await groupOf(owner, 'Offline', ['bob']);
    const ann = await stack.person('ann');
    const { person: bob, line } = await stack.personOnLine('bob');
    await ann.open('Offline');
    await bob.open('Offline');
    await ann.say('before');
    await bob.message('before').waitFor();
    line.cut();
    await bob.page.getByText(/Reconnecting/).waitFor();
    await bob.say('from the tunnel');
    await bob.message('from the tunnel').getByLabel('Waiting to be sent').waitFor();
    await bob.page.getByText('1 unsent').waitFor();
    await ann.say('meanwhile');
    line.mend();
    await bob.message('meanwhile').waitFor();
    await ann.message('from the tunnel').waitFor();
    await bob.page.getByText(/Reconnecting/).waitFor({ state: 'detached' });
    for (const person of [ann, bob])
      for (const text of ['before', 'from the tunnel', 'meanwhile'])
        expect(await person.message(text).count()).toBe(1);
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });

  it('send what was unsent when the page was closed', async () => {
    const owner = await stack.client('ann');
    await groupOf(owner, 'Reload', ['bob']);
    const ann = await stack.person('ann');
    const { person: bob, line } = await stack.personOnLine('bob');
    await ann.open('Reload');
    await bob.open('Reload');
    await bob.say('settled');
    await ann.message('settled').waitFor();
    line.cut();
    await bob.page.getByText(/Reconnecting/).waitFor();
    await bob.say('kept one');
    await bob.say('kept two');
    await bob.message('kept two').getByLabel('Waiting to be sent').waitFor();
    await bob.page.reload();
    await bob.page.getByText('2 unsent').waitFor();
    line.mend();
    await ann.message('kept two').waitFor();
    await bob
      .message('kept two')
      .getByLabel(/^(?:Sent|Delivered|Read)/)
      .waitFor();
    const texts = await ann.page.locator('.message .text').allTextContents();
    expect(texts.filter((text) => text.includes('kept'))).toEqual(['kept one', 'kept two']);
  });

  it('see what they say though they had scrolled up, and say /me alone as it is', async () => {
    const owner = await stack.client('ann');
    const conversationId = await groupOf(owner, 'Above', ['bob']);
    for (let n = 1; n <= 40; n++) await owner.send(conversationId, { text: `line ${n}` });
    const ann = await stack.person('ann');
    await ann.open('Above');
    await ann.message('line 40').waitFor();
    const scroller = ann.page.getByLabel('Messages', { exact: true });
    await scroller.press('Home');
    await waitFor(async () => (await scroller.evaluate((view) => view.scrollTop)) === 0, { what: 'the top' });
    await ann.say('/me  ');
    const said = ann.message('/me');
    await said.getByLabel(/^(?:Sent|Delivered|Read)/).waitFor();
    const fromEnd = () => scroller.evaluate((view) => view.scrollHeight - view.scrollTop - view.clientHeight);
    await waitFor(async () => (await fromEnd()) < 2, { what: 'the newest to be in view' });
    expect(ann.troubles).toEqual([]);
  });

  it('keep a draft, and refuse files with a sentence', async () => {
    const { ann } = await annAndBob('Draft');
    const field = ann.page.getByLabel('Message', { exact: true });
    await field.fill('half a tho');
    await ann.page.goto(`${stack.web}/#/`);
    await ann.open('Draft');
    expect(await field.inputValue()).toBe('half a tho');
    await field.evaluate((area) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([new Uint8Array(8)], 'cat.png', { type: 'image/png' }));
      area.dispatchEvent(new DragEvent('drop', { bubbles: true, dataTransfer: transfer, cancelable: true }));
    });
    await ann.page.getByText('Files cannot be sent here, only text.').waitFor();
    await field.evaluate((area) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['a list'], 'notes.txt', { type: 'text/plain' }));
      area.dispatchEvent(
        new ClipboardEvent('paste', { bubbles: true, clipboardData: transfer, cancelable: true }),
      );
    });
    await ann.page.getByRole('button', { name: 'Insert its text' }).click();
    await waitFor(async () => (await field.inputValue()).includes('a list'), {
      what: 'the text of the file',
    });
    await field.fill('x'.repeat(70_000));
    await ann.page.getByText('too long to send').waitFor();
    expect(await ann.page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
  });
});

describe('a member', () => {
  it('who is removed while looking is told, and sees nothing that comes after', async () => {
    const { owner, conversationId, ann, bob } = await annAndBob('Removed');
    await ann.say('all of us');
    await bob.message('all of us').waitFor();
    await ann.page.getByRole('button', { name: 'About this conversation' }).click();
    await ann.page.getByRole('button', { name: 'What to do about bob' }).click();
    await ann.page.getByRole('menuitem', { name: 'Remove' }).click();
    await bob.page.getByText('You are not a member of this conversation.').waitFor();
    const { seq } = await owner.send(conversationId, { text: 'without bob' });
    await ann.message('without bob').waitFor();
    await waitFor(async () => (await owner.messages(conversationId, { minSeq: seq })).messages.length > 1, {
      what: 'the message to be readable',
    });
    expect(await bob.message('without bob').count()).toBe(0);
    expect(await bob.page.getByLabel('Message', { exact: true }).count()).toBe(0);
    expect(bob.troubles).toEqual([]);
  });

  it('has their role, the title and the life of messages changed by an owner, and sees it', async () => {
    const { ann, bob } = await annAndBob('Rooms');
    await ann.page.getByRole('button', { name: 'About this conversation' }).click();
    await bob.page.getByRole('button', { name: 'About this conversation' }).click();
    await ann.page.getByRole('button', { name: 'What to do about bob' }).click();
    await ann.page.getByRole('menuitem', { name: 'Make admin' }).click();
    await bob.page.locator('.person').filter({ hasText: 'bob' }).getByText('admin').waitFor();
    await ann.page.getByRole('button', { name: 'Rename' }).click();
    await ann.page.getByLabel('Title').fill('Rooms and halls');
    await ann.page.getByRole('button', { name: 'Save' }).click();
    await bob.page.locator('.thread-title h2').getByText('Rooms and halls').waitFor();
    await ann.page.locator('.segments label').filter({ hasText: '24 h' }).click();
    await bob.page.locator('.life').getByText('24 hours').waitFor();
    await ann.page.getByLabel('Add people').fill('cid,');
    await ann.page.getByRole('button', { name: 'Add', exact: true }).click();
    await bob.page.locator('.person').filter({ hasText: 'cid' }).waitFor();
    expect([...ann.troubles, ...bob.troubles]).toEqual([]);
  });

  it('who is an admin is offered what admins may do, and no more', async () => {
    const { ann, bob } = await annAndBob('Ranks');
    const closes = { name: 'Close for everyone' };
    await ann.page.getByRole('button', { name: 'About this conversation' }).click();
    await bob.page.getByRole('button', { name: 'About this conversation' }).click();
    await ann.page.getByRole('button', { name: 'What to do about bob' }).click();
    await ann.page.getByRole('menuitem', { name: 'Make admin' }).click();
    await bob.page.locator('.person').filter({ hasText: 'bob' }).getByText('admin').waitFor();
    await ann.page.getByLabel('Add people').fill('cid,');
    await ann.page.getByRole('button', { name: 'Add', exact: true }).click();
    await bob.page.getByRole('button', { name: 'What to do about cid' }).click();
    expect(await bob.page.getByRole('menuitem').allTextContents()).toEqual([
      'Write to them alone',
      'Remove',
      'Ban',
    ]);
    expect(await bob.page.getByRole('button', closes).count()).toBe(0);
    expect(await ann.page.getByRole('button', closes).count()).toBe(1);
  });
});
