import { migrate } from '@parley/infra/read-model/migrate';
import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import type { ReadModel, ServedVersion } from '@parley/infra/read-model/served-version';
import { testEnvironment } from '@parley/infra/testing/test-environment';
import pg from 'pg';

export const schema = 'rm_1';

/** The build of this database, which stays the one that is served. */
export const model: ReadModel = { schema, model: NEWEST_MODEL };
export const served: ServedVersion = {
  current: async () => model,
  read: (run) => run(model),
  close: () => undefined,
};

/** A message as a spec says it; what it does not say is as in most messages. */
export type Given = {
  readonly seq: number;
  readonly author: string;
  readonly body?: string | null;
  readonly expiresAt?: number;
  readonly deletedAt?: number;
  readonly expired?: boolean;
  readonly reactions?: readonly (readonly [emoji: string, user: string])[];
  readonly replyTo?: number;
  readonly replies?: number;
};

/** A read model in a database of its own, filled by the spec. */
export async function openReadFixture() {
  const environment = await testEnvironment();
  await migrate(environment.databaseUrl);
  const pool = new pg.Pool({ connectionString: environment.databaseUrl, max: 4 });
  // The database is dropped while connections still close.
  pool.on('connect', (connection) => connection.on('error', () => undefined));
  return {
    environment,
    pool,
    async conversation(id: string, members: readonly string[], messages: readonly Given[], activeAt = 1_000) {
      const newest = Math.max(1, ...messages.map(({ seq }) => seq));
      await pool.query(
        `insert into rm_1.conversation (conversation_id, kind, title, revision, messages, last_activity_at, member_count)
         values ($1, 'group', $1, $2, $3, $4, $5)`,
        [id, newest, messages.length, activeAt, members.length],
      );
      for (const user of members) {
        await pool.query(
          `insert into rm_1.member (conversation_id, user_id, role, since, ban_hash) values ($1, $2, 'member', 1, 'h')`,
          [id, user],
        );
      }
      for (const [index, given] of messages.entries()) {
        const {
          seq,
          author,
          body = 'p0.{"kind":"text","text":"hi"}',
          expired = false,
          reactions = [],
        } = given;
        await pool.query(
          `insert into rm_1.message (conversation_id, seq, ordinal, author, at, expires_at, deleted_at, expired, body, reactions,
             reply_to, replies)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
          [
            id,
            seq,
            index + 1,
            author,
            seq * 10,
            given.expiresAt ?? null,
            given.deletedAt ?? null,
            expired,
            expired || given.deletedAt ? null : body,
            reactions.length,
            given.replyTo ?? null,
            given.replies ?? 0,
          ],
        );
        for (const [emoji, user] of reactions) {
          await pool.query('insert into rm_1.reaction values ($1, $2, $3, $4)', [id, seq, emoji, user]);
        }
      }
    },
    /** Gives the conversation an end, or puts it on hold. */
    async set(
      id: string,
      { expiresAt, hold }: { readonly expiresAt?: number; readonly hold?: readonly [string, number, string] },
    ) {
      await pool.query(
        `update rm_1.conversation set expires_at = $2, hold_reason = $3, hold_since = $4, hold_by = $5
         where conversation_id = $1`,
        [id, expiresAt ?? null, ...(hold ?? [null, null, null])],
      );
    },
    async mark(id: string, user: string, read: number, delivered = read) {
      await pool.query(
        'insert into rm_1.receipt (conversation_id, user_id, delivered, read, at) values ($1, $2, $3, $4, 1)',
        [id, user, delivered, read],
      );
    },
    async close() {
      await pool.end();
      await environment.dispose();
    },
  };
}

export type ReadFixture = Awaited<ReturnType<typeof openReadFixture>>;
