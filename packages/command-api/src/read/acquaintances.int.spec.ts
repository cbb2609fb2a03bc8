import { afterAll, beforeAll, expect, it } from 'vitest';
import { readAcquaintances } from './acquaintances.js';
import { openReadFixture, type ReadFixture, schema } from './read-fixture.js';

let fixture: ReadFixture;
beforeAll(async () => {
  fixture = await openReadFixture();
});
afterAll(() => fixture.close());

const acquaintances = (user: string, ...others: string[]) =>
  readAcquaintances(fixture.pool, { schema, user }, others);

it('are those of the people named who share a conversation, each once', async () => {
  await fixture.conversation('one', ['ann', 'bob', 'cat'], []);
  await fixture.conversation('two', ['ann', 'bob'], []);
  await fixture.conversation('three', ['cat', 'dan'], []);
  expect(await acquaintances('ann', 'dan', 'cat', 'bob', 'nobody')).toEqual(['cat', 'bob']);
  expect(await acquaintances('dan', 'ann', 'bob', 'cat')).toEqual(['cat']);
  expect(await acquaintances('nobody', 'ann', 'bob')).toEqual([]);
});

it('are found by an index on either side, however large the conversations are', async () => {
  const many = Array.from({ length: 2_000 }, (_, n) => `m${n}`);
  await fixture.pool.query(
    `insert into rm_1.member (conversation_id, user_id, role, since, ban_hash)
     select 'large-' || c, 'm' || m, 'member', 1, 'h' from generate_series(1, 20) c, generate_series(0, 1999) m`,
  );
  await fixture.pool.query('analyze rm_1.member');
  expect(await acquaintances('m0', ...many.slice(1, 500))).toHaveLength(499);
  const { rows } = await fixture.pool.query<{ 'QUERY PLAN': string }>(
    `explain select other.user_id from unnest($1::text[]) as other (user_id)
      cross join lateral (
       select from rm_1.member theirs
         join rm_1.member mine on mine.conversation_id = theirs.conversation_id and mine.user_id = 'm0'
        where theirs.user_id = other.user_id collate "C" limit 1) shared`,
    [many.slice(0, 500)],
  );
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toContain('Seq Scan on member');
});
