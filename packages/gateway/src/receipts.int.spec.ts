import type { LoggedReceipt } from '@parley/domain/wire/receipts';
import { receiptPlaceOf } from '@parley/infra/log/subjects';
import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayFixture, openGatewayFixture } from './testing/gateway-fixture.js';
import { PARTITIONS } from './testing/small-api.js';

type Told = Omit<LoggedReceipt, 'conversationId' | 'members'>;

describe('receipts', () => {
  let fixture: GatewayFixture;

  beforeAll(async () => {
    fixture = await openGatewayFixture();
  });
  afterAll(() => fixture.close());

  /** Puts moves into the log as command-api does, in one breath. */
  async function move(...receipts: readonly LoggedReceipt[]): Promise<void> {
    for (const receipt of receipts) {
      const { subject } = receiptPlaceOf(receipt.conversationId, receipt.user, PARTITIONS);
      fixture.nats.publish(subject, JSON.stringify(receipt));
    }
    await fixture.nats.flush();
  }

  const toldTo = (client: ForeignClient, conversationId: string): readonly Told[] =>
    client
      .notices('receipts')
      .filter((notice) => notice.conversationId === conversationId)
      .flatMap(({ watermarks }) => watermarks as Told[]);

  it('are told to all members with how much is unread', async () => {
    await fixture.api.create('r-small', 'ann', 'ben');
    const clients = [await fixture.open('ann'), await fixture.open('ben'), await fixture.open('ann')];
    const told = { user: 'ann', delivered: 1, read: 1, at: 7, unread: 3, revision: 9 };
    await move({ conversationId: 'r-small', ...told, members: 2 });
    for (const client of clients) {
      await waitFor(() => toldTo(client, 'r-small').length > 0, { what: 'the receipt' });
      expect(toldTo(client, 'r-small')).toEqual([told]);
    }
  });

  it('of a large conversation are told to all of the furthest, and to the devices of their own user', async () => {
    await fixture.api.create('r-large', 'ann', 'ben', 'cem');
    const [phone, laptop, other] = [
      await fixture.open('cem'),
      await fixture.open('cem'),
      await fixture.open('ben'),
    ];
    const receipt = { conversationId: 'r-large', delivered: 1, read: 1, at: 7, members: 101 };
    await move({ ...receipt, user: 'ann' }, { ...receipt, user: 'ben' }, { ...receipt, user: 'cem' });
    for (const client of [phone, laptop, other]) {
      await waitFor(() => toldTo(client, 'r-large').length > 0, { what: 'the receipt' });
    }
    await move({ ...receipt, user: 'ann', members: 100, at: 8 });
    for (const client of [phone, laptop, other]) {
      await waitFor(() => toldTo(client, 'r-large').some(({ at }) => at === 8), { what: 'the last receipt' });
    }
    const users = (client: ForeignClient) => toldTo(client, 'r-large').map(({ user, at }) => `${user} ${at}`);
    expect([users(phone), users(laptop), users(other)]).toEqual([
      ['ann 7', 'ben 7', 'cem 7', 'ann 8'],
      ['ann 7', 'ben 7', 'cem 7', 'ann 8'],
      ['ann 7', 'ben 7', 'ann 8'],
    ]);
  });

  it('are not told when their time is taken away, because nobody moved', async () => {
    await fixture.api.create('r-old', 'ann', 'ben');
    const client = await fixture.open('ben');
    const receipt = { conversationId: 'r-old', user: 'ann', delivered: 1, read: 1, members: 2 };
    await move({ ...receipt, at: 0 }, { ...receipt, user: 'ben', at: 7 });
    await waitFor(() => toldTo(client, 'r-old').length > 0, { what: 'the other receipt' });
    expect(toldTo(client, 'r-old').map(({ user }) => user)).toEqual(['ben']);
  });

  it('of a hundred people who read at once cost each of them a few frames', async () => {
    const people = Array.from({ length: 100 }, (_, n) => `reader-${n}`);
    await fixture.api.create('r-busy', ...people);
    const clients = await Promise.all(people.slice(0, 20).map((user) => fixture.open(user)));
    const startedAt = Date.now();
    for (const user of people)
      await move({ conversationId: 'r-busy', user, delivered: 1, read: 1, at: 7, members: 100 });
    for (const client of clients) {
      await waitFor(() => new Set(toldTo(client, 'r-busy').map(({ user }) => user)).size === 100, {
        what: 'all the receipts',
      });
    }
    const ticks = 2 + Math.ceil((Date.now() - startedAt) / 25);
    for (const client of clients) {
      const frames = client.notices('receipts').filter(({ conversationId }) => conversationId === 'r-busy');
      expect(frames.length).toBeLessThanOrEqual(Math.min(ticks, 99));
      expect(frames).toEqual(
        clients[0]?.notices('receipts').filter((each) => each.conversationId === 'r-busy'),
      );
    }
  });
});
