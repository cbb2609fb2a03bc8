import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { closeBody } from '@parley/domain/conversation/body';
import { digestHex, emptyDigest } from '@parley/domain/log/digest';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { partitionOf } from '@parley/domain/log/partition';
import { streamName } from '@parley/infra/log/subjects';
import { storeLog } from '@parley/infra/testing/store-log';
import type { Client } from 'pg';

/** Messages that end, evenly spread over `span` ms from `first` on, so that neighbours in time are of different conversations. */
export type Mortal = {
  readonly prefix: string;
  readonly conversations: number;
  /** In each conversation. */
  readonly messages: number;
  readonly first: number;
  readonly span: number;
};

/** Any number without a common factor with how many conversations there are. */
const STRIDE = 7_919;

/** Conversations written at once. */
const CHUNK = 1_000;

const body = closeBody({
  kind: 'text',
  text: 'Nobody will read this for long, and that is how it was meant to be.',
});

/** When a message ends, in ms, by the number of its conversation and its own from 1. */
export function endOf(
  { conversations, messages, first, span }: Mortal,
  nth: number,
  ordinal: number,
): number {
  const turn = (ordinal - 1) * conversations + ((nth * STRIDE) % conversations);
  return first + Math.floor((turn * span) / (conversations * messages));
}

/** Stores them in the log, and the rows that a projector would make of them by statements of its own. */
export async function storeMortal(
  nats: NatsConnection,
  client: Client,
  mortal: Mortal,
  partitions: number,
): Promise<void> {
  const jsm = await jetstreamManager(nats);
  const ends = await Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const { state } = await jsm.streams.info(streamName(partition));
      return state.last_seq;
    }),
  );
  const at = Date.now();
  for (let from = 0; from < mortal.conversations; from += CHUNK) {
    const numbers = Array.from({ length: Math.min(CHUNK, mortal.conversations - from) }, (_, n) => from + n);
    const places = numbers.map((nth) => {
      const conversationId = `${mortal.prefix}-${nth}`;
      const partition = partitionOf(conversationId, partitions);
      ends[partition] = (ends[partition] as number) + mortal.messages + 1;
      return { nth, conversationId, partition, changed: ends[partition] as number };
    });
    const stored = storeLog(
      nats,
      numbers.flatMap((nth) => history(mortal, nth, at)),
      partitions,
    );
    await insert(client, mortal, places, at);
    await stored;
  }
  for (const [partition, end] of ends.entries()) {
    await client.query(
      `insert into rm_1.checkpoint (projection, partition, stream_seq, events, digest) values ('timeline', $1, $2, $2, $3)
       on conflict (projection, partition) do update set stream_seq = $2`,
      [partition, end, digestHex(emptyDigest)],
    );
  }
  await client.query('vacuum analyze rm_1.conversation, rm_1.message');
}

function history(mortal: Mortal, nth: number, at: number): readonly Envelope[] {
  const conversationId = `${mortal.prefix}-${nth}`;
  const place = (seq: number) => ({ conversationId, seq, at, actor: 'ann', commandId: `c-${seq}` });
  const members = [{ user: 'ann', role: 'owner' as const, banHash: 'h' }];
  return [
    envelop({ type: 'conversation.created', data: { kind: 'group', ttl: null, members } }, place(1)),
    ...Array.from({ length: mortal.messages }, (_, index) => {
      const expiresAt = endOf(mortal, nth, index + 1);
      return envelop(
        { type: 'message.sent', data: { ordinal: index + 1, body, expiresAt } },
        place(index + 2),
      );
    }),
  ];
}

type Stored = {
  readonly nth: number;
  readonly conversationId: string;
  readonly partition: number;
  readonly changed: number;
};

async function insert(client: Client, mortal: Mortal, places: readonly Stored[], at: number): Promise<void> {
  const { messages } = mortal;
  await client.query(
    `insert into rm_1.conversation (conversation_id, kind, revision, messages, last_activity_at, changed, partition, next_due)
     select id, 'group', $5, $6, $7, changed, partition, due
     from unnest($1::text[], $2::bigint[], $3::smallint[], $4::bigint[]) as c (id, changed, partition, due)`,
    [
      places.map(({ conversationId }) => conversationId),
      places.map(({ changed }) => changed),
      places.map(({ partition }) => partition),
      places.map(({ nth }) => endOf(mortal, nth, 1)),
      messages + 1,
      messages,
      at,
    ],
  );
  const all = places.flatMap(({ nth, conversationId }) =>
    Array.from({ length: messages }, (_, index) => ({ nth, conversationId, ordinal: index + 1 })),
  );
  await client.query({
    name: 'mortal-messages',
    text: `insert into rm_1.message (conversation_id, seq, ordinal, author, at, expires_at, body)
      select id, ordinal + 1, ordinal, 'ann', $4, expires_at, $5
      from unnest($1::text[], $2::bigint[], $3::bigint[]) as m (id, ordinal, expires_at)`,
    values: [
      all.map(({ conversationId }) => conversationId),
      all.map(({ ordinal }) => ordinal),
      all.map(({ nth, ordinal }) => endOf(mortal, nth, ordinal)),
      at,
      body,
    ],
  });
}
