import { randomUUID } from 'node:crypto';
import { createClient, type ParleyClient } from '@parley/client/parley-client';
import type { Timeline, TimelineItem } from '@parley/client/timeline/timeline';
import { waitFor } from '@parley/infra/testing/wait-for';
import { describe, expect, it } from 'vitest';
import { wholeSystem } from './whole-system.js';

const whole = wholeSystem();

async function person(name: string): Promise<ParleyClient> {
  const client = createClient({ url: whole.system.ws, token: await whole.system.token(name), device: 'd1' });
  whole.keep(client);
  return client;
}

async function group(owner: ParleyClient, members: readonly string[]): Promise<string> {
  const conversationId = randomUUID();
  await owner.call('conversation.create', { conversationId, kind: 'group', members });
  return conversationId;
}

const text = (text: string) => ({ body: { kind: 'text', text } as const });
const items = (timeline: Timeline): readonly TimelineItem[] => timeline.snapshot().items;
const texts = (timeline: Timeline) =>
  items(timeline).map(({ body }) => (body?.kind === 'text' ? body.text : undefined));

describe('a timeline', () => {
  it('shows what is sent at once, and ticks as it is delivered and read', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann, ['bob']);
    const [here, there] = [ann.timeline(id), bob.timeline(id)];
    await waitFor(() => here.snapshot().loading === 'nothing' && there.snapshot().loading === 'nothing', {
      what: 'the first pages',
    });
    const key = here.send(text('hello'));
    expect(items(here)).toMatchObject([{ key, progress: 'pending', isMine: true }]);
    await waitFor(() => items(here)[0]?.progress === 'delivered', { what: 'the second tick' });
    expect(texts(there)).toEqual(['hello']);
    there.seen(items(there)[0]?.seq as number);
    await waitFor(() => items(here)[0]?.progress === 'read', { what: 'the blue ticks' });
    expect(items(here)[0]?.key).toBe(key);
  });

  it('shows edits, deletions and reactions of both sides', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann, ['bob']);
    const [here, there] = [ann.timeline(id), bob.timeline(id)];
    for (const each of ['one', 'two', 'three']) here.send(text(each));
    await waitFor(() => texts(there).length === 3, { what: 'three messages' });
    const [one, two, three] = items(there).map(({ seq }) => seq as number) as [number, number, number];
    await here.edit(one, text('uno').body);
    await here.remove(two);
    await there.react(three, '👍');
    await here.react(three, '👍');
    for (const timeline of [here, there]) {
      await waitFor(() => texts(timeline).join() === 'uno,,three', { what: 'the changes' });
      await waitFor(() => items(timeline)[2]?.reactions?.[0]?.count === 2, { what: 'the reactions' });
      expect(items(timeline)[2]?.reactions).toEqual([{ emoji: '👍', count: 2, mine: true }]);
    }
  });

  it('opens at the newest of many and moves both ways without a hole', async () => {
    const ann = await person('ann');
    const id = await group(ann, []);
    const writer = ann.timeline(id);
    for (let number = 1; number <= 120; number++) writer.send(text(String(number)));
    await waitFor(() => ann.unanswered === 0, { what: 'all to be sent' });
    const timeline = ann.timeline(id, { windowSize: 40, pageSize: 20 });
    const all = Array.from({ length: 120 }, (_, index) => String(index + 1));
    await waitFor(() => timeline.snapshot().loading === 'nothing', { what: 'the newest page' });
    expect(texts(timeline)).toEqual(all.slice(100));
    for (let page = 0; timeline.snapshot().hasOlder && page < 10; page++) await timeline.loadOlder();
    expect(texts(timeline)).toEqual(all.slice(0, 40));
    expect(timeline.snapshot().hasNewer).toBe(true);
    for (let page = 0; timeline.snapshot().hasNewer && page < 10; page++) await timeline.loadNewer();
    expect(texts(timeline)).toEqual(all.slice(80));
    await timeline.jumpTo(52);
    expect(items(timeline).some(({ seq }) => seq === 52)).toBe(true);
  });

  it('shows calls between messages, as they go on, and to whoever opens it later as they were', async () => {
    const [ann, bob, cem] = [await person('ann'), await person('bob'), await person('cem')];
    const id = await group(ann, ['bob', 'cem']);
    const there = bob.timeline(id);
    await ann.send(id, { text: 'before' });
    await waitFor(() => texts(there).join() === 'before', { what: 'the first message' });
    const { seq: call } = await ann.call('call.start', { conversationId: id, media: 'video' });
    const calls = (timeline: Timeline) => timeline.snapshot().calls;
    await waitFor(() => calls(there)[0]?.state === 'ongoing', { what: 'the call' });
    await cem.call('call.join', { conversationId: id, call });
    await waitFor(() => calls(there)[0]?.people === 2, { what: 'cem in it' });
    await ann.call('call.end', { conversationId: id, call });
    await ann.send(id, { text: 'after' });
    const missed = {
      seq: call,
      media: 'video',
      by: 'ann',
      state: 'missed',
      people: 2,
      users: ['ann', 'cem'],
    };
    await waitFor(() => calls(there)[0]?.state === 'missed', { what: 'the call to be over' });
    expect(calls(there)).toMatchObject([missed]);

    const later = bob.timeline(id);
    await waitFor(() => calls(later)[0]?.endedAt !== undefined, { what: 'the calls of the page' });
    expect(calls(later)).toEqual(calls(there));
    const mine = cem.timeline(id);
    await waitFor(() => calls(mine)[0]?.state === 'ended', { what: 'the call that cem was in' });
  });

  it('says that one is out and shows nothing of that time until one is in again, and then all', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann, ['bob']);
    const there = bob.timeline(id);
    await ann.send(id, { text: 'before' });
    await waitFor(() => texts(there).join() === 'before', { what: 'the first message' });
    await ann.call('member.remove', { conversationId: id, users: ['bob'] });
    await waitFor(() => !there.snapshot().isMember, { what: 'bob to be out' });
    await ann.send(id, { text: 'meanwhile' });
    await ann.call('member.add', { conversationId: id, users: ['bob'] });
    expect(texts(there)).not.toContain('meanwhile');
    await waitFor(() => there.snapshot().isMember, { what: 'bob to be in again' });
    await ann.send(id, { text: 'after' });
    await waitFor(() => texts(there).join() === 'before,meanwhile,after', { what: 'all of it' });
  });
});

describe('the others', () => {
  it('are seen to be there and to type', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const id = await group(ann, ['bob']);
    const off = ann.presence('bob').subscribe(() => undefined);
    await waitFor(() => ann.presence('bob').snapshot().status === 'online', { what: 'bob to be there' });
    off();
    const [here, there] = [ann.typing(id), bob.timeline(id)];
    await waitFor(() => ann.list.find(id) !== undefined, { what: 'the list' });
    there.typing(true);
    await waitFor(() => here.snapshot().join() === 'bob', { what: 'bob to type' });
    expect(ann.list.find(id)?.typing).toEqual(['bob']);
    there.send(text('there'));
    await waitFor(() => here.snapshot().length === 0, { what: 'bob to have sent' });
  });
});

describe('the list', () => {
  it('is sorted by activity, with previews and unread, kept right by events', async () => {
    const [ann, bob] = [await person('eve'), await person('dan')];
    const [first, second] = [await group(ann, ['dan']), await group(ann, ['dan'])];
    await ann.send(first, { text: 'to the first' });
    const list = () => bob.list.snapshot().conversations;
    await waitFor(() => list()[0]?.conversationId === first && list()[0]?.unread === 1, {
      what: 'the first on top',
    });
    await waitFor(() => list()[1]?.conversationId === second, { what: 'the second below' });
    await ann.send(second, { text: 'to the second' });
    await waitFor(() => list()[0]?.conversationId === second, { what: 'the second on top' });
    expect(list()[0]).toMatchObject({ unread: 1, preview: { body: { text: 'to the second' } } });
    expect(bob.list.snapshot().unread).toBe(2);
    bob.timeline(second).seen(list()[0]?.preview?.seq as number);
    await waitFor(() => bob.list.snapshot().unread === 1, { what: 'one to be read' });
  });
});
