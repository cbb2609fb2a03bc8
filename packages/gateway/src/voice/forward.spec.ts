import { signTicket } from '@parley/infra/voice/ticket';
import { expect, it } from 'vitest';
import { nodeOf } from './forward.js';

const naming = (node: string) =>
  signTicket(
    new Uint8Array(32),
    { conversationId: 'c', call: 1, participant: 2, user: 'ann', device: 'd', node, fence: 3, speaks: true },
    0,
  );

it('finds the node that a ticket names', async () => {
  expect(nodeOf(await naming('node-1'))).toBe('node-1');
});

it('finds none in what is no ticket, or would be more than one subject', async () => {
  const tickets = await Promise.all(['', '*', '>', 'a.b', 'a b', 'x'.repeat(65)].map(naming));
  const encoded = (payload: unknown) => `h.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.s`;
  const others = [
    '',
    'a.b.c',
    '..',
    encoded(null),
    encoded({ voice: null }),
    encoded({ voice: { node: 1 } }),
  ];
  expect([...tickets, ...others].map(nodeOf)).toEqual([...tickets, ...others].map(() => undefined));
});
