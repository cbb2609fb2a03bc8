import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { partitionOf } from '@parley/domain/log/partition';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import { type Checkpoint, readCheckpoint } from '@parley/projector/checkpoint';
import { projectBatch } from '@parley/projector/project-batch';
import { timeline } from '@parley/projector/timeline/projection';
import { WINDOW_MS } from '@parley/projector/window';
import pg from 'pg';
import { groupOf } from './group-log.js';

const PARTITIONS = 4;
const BATCH = 4_000;
const schema = 'rm_1';

/** A user and the conversations of theirs, with the seq of the newest event of each. */
export type Account = {
  readonly user: string;
  readonly conversations: { readonly id: string; seq: number }[];
};

/** Accounts as the projector writes them, of a log that is nowhere and whose time is ours to tell. */
export async function openAccounts(databaseUrl: string) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  let clock = 1_700_000_000_000;
  const checkpoints: Checkpoint[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++)
    checkpoints.push(await readCheckpoint(client, schema, { projection: 'timeline', partition }));

  async function project(events: readonly Envelope[]): Promise<void> {
    for (const [partition, its] of Map.groupBy(events, (event) =>
      partitionOf(event.conversationId, PARTITIONS),
    )) {
      for (let from = 0; from < its.length; from += BATCH) {
        const checkpoint = checkpoints[partition] as Checkpoint;
        const messages = its
          .slice(from, from + BATCH)
          .map((event, index) => logged(checkpoint.streamSeq + index + 1, event));
        const target = { client, schema, share: { projection: 'timeline' as const, partition } };
        checkpoints[partition] = (await projectBatch(target, timeline, checkpoint, messages)).checkpoint;
      }
    }
  }

  const logged = (streamSeq: number, event: Envelope): LoggedMessage => ({
    streamSeq,
    subject: `conv.00.${event.conversationId}`,
    bytes: Buffer.from(JSON.stringify(event)),
    storedAt: clock,
    pending: 0,
    headers: undefined,
  });

  function sent(conversationId: string, seq: number): Envelope {
    const body = closeBody({ kind: 'text', text: `${seq} ${'x'.repeat(100)}` });
    const place = { conversationId, seq, at: clock + seq, actor: 'other', commandId: `c-${seq}` };
    return envelop({ type: 'message.sent', data: { ordinal: seq - 1, body } }, place);
  }

  return {
    /** An account of so many conversations of two, three messages in each. */
    async make(user: string, size: number): Promise<Account> {
      const conversations = Array.from({ length: size }, (_, n) => ({ id: `${user}-${n}`, seq: 4 }));
      await project(
        conversations.flatMap(({ id }) => [
          ...groupOf(id, [user, 'other']),
          sent(id, 2),
          sent(id, 3),
          sent(id, 4),
        ]),
      );
      return { user, conversations };
    },
    /** One message more in so many of them, spread over all. */
    async change({ conversations }: Account, count: number): Promise<void> {
      const step = Math.floor(conversations.length / count);
      const changed = conversations.filter((_, n) => n % step === 0).slice(0, count);
      for (const each of changed) each.seq++;
      await project(changed.map(({ id, seq }) => sent(id, seq)));
    },
    /** Time passes: in each partition somebody else opens the next window. */
    async pass(): Promise<void> {
      clock += WINDOW_MS;
      const others = Array.from({ length: 64 }, (_, n) => groupOf(`others-${n}`, ['other']));
      await project(others.flat());
    },
    close: () => client.end(),
  };
}
