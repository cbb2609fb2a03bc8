import type { Place } from '@parley/infra/log/subjects';
import { type Queryable, rowsOf } from './queryable.js';

/** Whether the rows of a conversation stand still behind an event that could not be taken; also where it has none, because that was its first. */
export async function standsStill(
  db: Queryable,
  schema: string,
  conversationId: string,
  { partition }: Pick<Place, 'partition'>,
): Promise<boolean> {
  const prepared = {
    name: `standstill-${schema}`,
    text: `select from ${schema}.parked_conversation where partition = $1 and conversation_id = $2`,
  };
  return (await rowsOf(db, prepared, [partition, conversationId])).length > 0;
}
