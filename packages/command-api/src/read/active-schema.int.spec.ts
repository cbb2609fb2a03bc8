import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activeSchema } from './active-schema.js';
import { openReadFixture, type ReadFixture } from './read-fixture.js';

describe('the schema that is served', () => {
  let fixture: ReadFixture;

  beforeAll(async () => {
    fixture = await openReadFixture();
  });
  afterAll(() => fixture.close());

  it('is asked for once a second at most, seen to be switched after that, and stays while Postgres is away', async () => {
    let now = 0;
    let away = false;
    const schema = activeSchema(
      {
        query: ((text: string) =>
          away ? fixture.pool.query('select 1/0') : fixture.pool.query(text)) as never,
      },
      () => now,
    );
    expect(await Promise.all([schema(), schema()])).toEqual(['rm_1', 'rm_1']);

    await fixture.pool.query(`update parley.read_model set active = 'rm_2'`);
    now = 999;
    expect(await schema()).toBe('rm_1');
    now = 1_000;
    await waitFor(async () => (await schema()) === 'rm_2', { what: 'the switch to be seen' });

    away = true;
    now = 3_000;
    await schema();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await schema()).toBe('rm_2');
  });
});
