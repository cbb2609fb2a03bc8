import { afterAll, beforeAll, expect, it } from 'vitest';
import { openReadFixture, type ReadFixture, schema } from './read-fixture.js';
import { readShown } from './shown.js';

const NOW = 1_000;
let fixture: ReadFixture;

beforeAll(async () => {
  fixture = await openReadFixture();
});
afterAll(() => fixture?.close());

it('finds of some messages those that are shown, in the order asked', async () => {
  await fixture.conversation(
    'board',
    ['ann'],
    [
      { seq: 2, author: 'ann' },
      { seq: 3, author: 'ann', deletedAt: 5 },
      { seq: 4, author: 'ann', expired: true },
      { seq: 5, author: 'ann', expiresAt: NOW },
      { seq: 6, author: 'ann', expiresAt: NOW + 1 },
    ],
  );
  const question = { schema, conversationId: 'board', seqs: [6, 5, 4, 3, 2, 9], now: NOW };
  expect(await readShown(fixture.pool, question)).toEqual([6, 2]);
});
