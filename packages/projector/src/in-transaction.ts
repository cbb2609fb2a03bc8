import type { ClientBase } from 'pg';

/** Commits what the work does, or nothing of it. */
export async function inTransaction<A>(client: ClientBase, work: () => Promise<A>): Promise<A> {
  await client.query('begin');
  try {
    const done = await work();
    await client.query('commit');
    return done;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
