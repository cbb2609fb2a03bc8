import { openBreakableLine } from '@parley/infra/testing/breakable-line';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GatewayFixture, openGateway, openGatewayFixture, tokenOf } from './testing/gateway-fixture.js';

let fixture: GatewayFixture;
let line: Awaited<ReturnType<typeof openBreakableLine>>;
let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  fixture = await openGatewayFixture();
  line = await openBreakableLine(fixture.natsUrl);
  gateway = await openGateway(line.url);
});
afterAll(async () => {
  await gateway.stop();
  line.close();
  await fixture.close();
});

const seqsFrom = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

it('delivers what happened while the broker was away, in order, once, and joins what was entered meanwhile', async () => {
  const { api, open } = fixture;
  await api.create('r-one', 'ann', 'bob');
  await api.create('r-two', 'ann');
  const ann = await open('ann', undefined, gateway.ws);
  const bob = await open('bob', undefined, gateway.ws);
  await api.send('r-one', 'ann', 'before');
  await waitFor(() => ann.seqs('r-one').includes(2) && bob.seqs('r-one').includes(2), {
    what: 'the first event',
  });

  line.cut();
  for (let n = 3; n <= 40; n++) await api.send('r-one', 'ann', 'meanwhile');
  await api.create('r-three', 'owner', 'ann');
  await api.remove('r-one', 'bob');
  const last = await api.send('r-one', 'ann', 'after bob');
  expect(ann.isClosed || bob.isClosed).toBe(false);
  line.mend();

  await waitFor(() => ann.seqs('r-one').includes(last) && ann.seqs('r-three').includes(1), {
    what: 'what was missed',
  });
  await waitFor(() => bob.notices('resync').length > 0, { what: 'the end for bob' });
  expect(ann.seqs('r-one')).toEqual(seqsFrom(2, last));
  expect(bob.seqs('r-one')).toEqual(seqsFrom(2, last - 1));
  expect(ann.notices('conversation.added')).toEqual([{ conversationId: 'r-three', seq: 1 }]);

  await api.send('r-three', 'owner', 'live again');
  await waitFor(() => ann.seqs('r-three').includes(2), { what: 'a live event' });
});

it('refuses what needs the broker while it is away, and keeps its sessions', async () => {
  const { api, open } = fixture;
  await api.create('r-four', 'cat');
  const cat = await open('cat', undefined, gateway.ws);
  line.cut();
  await waitFor(async () => (await fetch(`${gateway.url}/ready`)).status === 503, {
    what: 'the cut to be noticed',
  });
  const asked = Date.now();
  const answer = await cat.request('message.send', { conversationId: 'r-four', body: { text: 'x' } });
  expect(answer.error?.data).toEqual({ tag: 'Unavailable', retryable: true });
  const newcomer = await fixture.connect(gateway.ws);
  const opening = { token: await tokenOf('dan'), device: 'd' };
  expect((await newcomer.request('session.open', opening)).error?.data.tag).toBe('Unavailable');
  expect(Date.now() - asked).toBeLessThan(1_500);
  line.mend();
  await waitFor(
    async () => {
      const { result } = await cat.request('message.send', { conversationId: 'r-four', body: { text: 'x' } });
      return result !== undefined;
    },
    { what: 'a send that works again', timeout: 15_000 },
  );
  expect(cat.isClosed).toBe(false);
});
