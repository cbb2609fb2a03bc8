import pg from 'pg';

/** What the projectors have made of a log: everything but the times at which it happened. */
export type ReadModel = {
  /** Events and digest of each partition. */
  readonly checkpoints: readonly unknown[];
  readonly conversations: readonly ConversationRecord[];
  readonly members: readonly unknown[];
  readonly messages: readonly MessageRecord[];
  readonly deadLetters: number;
};

export type ConversationRecord = { readonly conversation_id: string; readonly title: string | null };

export type MessageRecord = {
  readonly conversation_id: string;
  readonly seq: string;
  readonly ordinal: string;
  readonly author: string;
  readonly sent_at: string;
  readonly body: string;
};

/** The whole read model. `at` is the server's time, so it is left out. */
export async function readModel(databaseUrl: string): Promise<ReadModel> {
  return withDatabase(databaseUrl, async (client) => ({
    checkpoints: await rows(
      client,
      `select partition, events, digest from rm_1.checkpoint where projection = 'timeline' order by partition`,
    ),
    conversations: await rows(
      client,
      `select conversation_id, kind, title, ttl, closed, revision, messages, member_count
         from rm_1.conversation order by conversation_id`,
    ),
    members: await rows(
      client,
      'select conversation_id, user_id, role, since, ban_hash from rm_1.member order by conversation_id, user_id',
    ),
    messages: await rows(
      client,
      `select conversation_id, seq, ordinal, author, sent_at, reply_to, deleted_at, body
         from rm_1.message order by conversation_id, seq`,
    ),
    deadLetters: (await rows(client, 'select stream_seq from rm_1.dead_letter')).length,
  }));
}

/** Events that are in the read model. */
export async function projected(databaseUrl: string): Promise<number> {
  return withDatabase(databaseUrl, async (client) => {
    const [row] = await rows<{ events: string }>(
      client,
      `select coalesce(sum(events), 0) as events from rm_1.checkpoint where projection = 'timeline'`,
    );
    return Number(row?.events);
  });
}

async function withDatabase<A>(databaseUrl: string, work: (client: pg.Client) => Promise<A>): Promise<A> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const rows = async <A>(client: pg.Client, statement: string): Promise<readonly A[]> =>
  (await client.query(statement)).rows as A[];
