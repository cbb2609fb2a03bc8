import { randomBytes } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { Redis } from 'ioredis';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { ensureTopology } from '../../log/topology.js';
import { migrate } from '../../read-model/migrate.js';
import { connectNats } from '../../runtime/connect-nats.js';
import { storeLog } from '../../testing/store-log.js';
import { testEnvironment } from '../../testing/test-environment.js';
import { openVault } from '../../vault/open-vault.js';
import { secretStates } from './secret-states.js';
import { verifyErasure } from './verify.js';

/** More than a call may have arguments. */
const MANY = 130_000;

const eventOf = (seq: number, event: Parameters<typeof envelop>[0]): Envelope =>
  envelop(event, { conversationId: 'garden', seq, at: 1, actor: 'ann', commandId: `c${seq}` });

describe('an erasure that is verified', () => {
  it('may be of more messages than a call has arguments', { timeout: 60_000 }, async () => {
    const environment = await testEnvironment();
    const nats = await connectNats(environment.natsUrl, 'test');
    const database = new pg.Pool({ connectionString: environment.databaseUrl, max: 2 });
    const redis = new Redis(environment.redisUrl);
    await ensureTopology(nats, { partitions: 1, replicas: 1 });
    const vault = await openVault({ nats, masterKeys: [randomBytes(32)] });
    try {
      await migrate(environment.databaseUrl);
      const sent = (seq: number) =>
        eventOf(seq, { type: 'message.sent', data: { ordinal: seq, body: 's1.m2026-11.AAAA' } });
      await storeLog(
        nats,
        [
          ...Array.from({ length: MANY }, (_, index) => sent(index + 1)),
          eventOf(MANY + 1, { type: 'conversation.erased', data: {} }),
        ],
        1,
      );
      const js = jetstream(nats);
      const jsm = await js.jetstreamManager();
      const report = await verifyErasure(
        {
          partitions: 1,
          js,
          jsm,
          secretStates: (names) => secretStates(jsm, names),
          vault,
          database,
          redis,
          stores: [],
          schemas: ['rm_1'],
          now: Date.now,
        },
        { conversation: 'garden' },
      );
      expect(report.messages).toHaveLength(MANY);
    } finally {
      await vault.close();
      redis.disconnect();
      await database.end();
      await nats.close();
      await environment.dispose();
    }
  });
});
