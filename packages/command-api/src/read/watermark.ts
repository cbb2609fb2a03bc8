import type { Watermarks } from '@parley/domain/wire/receipts';
import { type Queryable, rowsOf } from './queryable.js';

type Whose = { readonly schema: string; readonly conversationId: string; readonly user: string };

/** Where a user's watermarks are, as far as the read model has come; at 0 where they never marked anything. */
export async function readWatermark(
  db: Queryable,
  { schema, conversationId, user }: Whose,
): Promise<Watermarks> {
  const text = `select delivered, read, at from ${schema}.receipt where conversation_id = $1 and user_id = $2`;
  const rows = await rowsOf(db, { name: `watermark-${schema}`, text }, [conversationId, user]);
  const [delivered, read, at] = rows[0] ?? [0, 0, 0];
  return { conversationId, user, delivered: Number(delivered), read: Number(read), at: Number(at) };
}

type OfMembers = {
  readonly schema: string;
  readonly conversationId: string;
  readonly users: readonly string[];
};

/** Where these users' watermarks are, as far as the read model has come; those who never marked anything are left out. */
export async function readWatermarks(
  db: Queryable,
  { schema, conversationId, users }: OfMembers,
): Promise<ReadonlyMap<string, Pick<Watermarks, 'delivered' | 'read'>>> {
  const text = `select user_id, delivered, read from ${schema}.receipt where conversation_id = $1 and user_id = any($2::text[])`;
  const rows = await rowsOf(db, { name: `watermarks-${schema}`, text }, [conversationId, users]);
  return new Map(
    rows.map(([user, delivered, read]) => [
      user as string,
      { delivered: Number(delivered), read: Number(read) },
    ]),
  );
}
