import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@parley/client/parley-client';
import { receiptPlaceOf } from '@parley/infra/log/subjects';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import { expect, it } from 'vitest';
import { wholeSystem } from './whole-system.js';

const whole = wholeSystem({ PARLEY_PROOF_OF_DELIVERY: '4' });

it('is told for a while after a message is gone, and is then gone from the log as well', async () => {
  const person = async (user: string) => {
    const token = await whole.system.token(user);
    const client = await connect({ url: whole.system.ws, token, device: 'd1' });
    whole.keep(client);
    return client;
  };
  const [ann, bob] = [await person('ann'), await person('bob')];
  const id = `g-${randomUUID()}`;
  await ann.call('conversation.create', { conversationId: id, kind: 'group', members: ['bob'] });
  const { seq } = await ann.send(id, { text: 'for your eyes' });
  await bob.mark({ conversationId: id, read: seq });
  const info = () => ann.call('message.info', { conversationId: id, seq });
  await waitFor(async () => (await info()).read === 1, { what: 'the mark in rows' });
  await ann.call('message.delete', { conversationId: id, seq });
  expect((await info()).recipients).toEqual([
    { user: 'bob', deliveredAt: expect.any(Number), readAt: expect.any(Number) },
  ]);

  const refusal = () =>
    info().then(
      () => undefined,
      (error: { tag?: string }) => error.tag,
    );
  await waitFor(async () => (await refusal()) === 'MessageNotFound', { what: 'the end of the proof' });

  const nats = await connectNats(whole.environment.natsUrl, 'proof-of-delivery');
  const jsm = await jetstreamManager(nats);
  const { stream, subject } = receiptPlaceOf(id, 'bob', SYSTEM_PARTITIONS);
  const newest = async () =>
    (await jsm.direct.getMessage(stream, { last_by_subj: subject }))?.json<Record<string, unknown>>();
  await waitFor(async () => (await newest())?.at === 0, { what: 'the time to be taken away' });
  expect(await newest()).toMatchObject({ read: seq, delivered: seq });
  const kept = async () => (await jsm.streams.info(stream, { subjects_filter: subject })).state.subjects;
  await waitFor(async () => (await kept())?.[subject] === 1, { what: 'the move with the time to go' });
  await nats.close();

  const next = await ann.send(id, { text: 'and these' });
  const [marked] = (await bob.mark({ conversationId: id, read: next.seq })).watermarks;
  expect(marked).toMatchObject({ read: next.seq, at: expect.any(Number) });
});
