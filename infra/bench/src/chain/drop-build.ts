import { waitFor } from '@parley/infra/testing/wait-for';
import type pg from 'pg';

/** Serves the first build again and takes another away, with its room, once no projector follows it. */
export async function dropBuild(client: pg.Client, version: number): Promise<void> {
  await client.query(`update parley.read_model set active = 'rm_1', previous = null`);
  await client.query(`update parley.version set state = 'dropping' where version = $1`, [version]);
  await waitFor(
    async () => {
      const { rowCount } = await client.query(
        'select from pg_stat_activity where application_name like $1 and datname = current_database()',
        [`projector-${version}-%`],
      );
      return rowCount === 0;
    },
    { what: 'projectors to let go of a version', timeout: 60_000 },
  );
  await client.query(`drop schema if exists rm_${version} cascade`);
  await client.query('delete from parley.version where version = $1', [version]);
  await client.query('checkpoint');
}
