import { envelop } from '@parley/domain/log/envelope';
import { describe, expect, it } from 'vitest';
import { type VerifyResources, verifyErasure } from './verify.js';

/** More than a call may have arguments. */
const MANY = 200_000;

describe('an erasure that is verified', () => {
  it('may be of more messages than a call has arguments', async () => {
    const stored = (seq: number, event: Parameters<typeof envelop>[0]) => {
      const place = { conversationId: 'garden', seq, at: 1, actor: 'ann', commandId: `c${seq}` };
      const json = envelop(event, place);
      return { seq, pending: 0, data: Buffer.from(JSON.stringify(json)), json: () => json };
    };
    const sent = (seq: number) =>
      stored(seq, { type: 'message.sent', data: { ordinal: seq, body: 's1.m2026-11.AAAA' } });
    const messages = Array.from({ length: MANY }, (_, index) => sent(index + 1));
    const all = [...messages, stored(MANY + 1, { type: 'conversation.erased', data: {} })];
    const resources = {
      partitions: 1,
      jsm: {
        direct: {
          async getBatch(_stream: string, { callback }: { callback: (...told: unknown[]) => void }) {
            for (const message of all) callback(null, message);
            callback({});
          },
        },
      },
      secretStates: async () => new Map(),
      vault: { open: async (closed: readonly unknown[]) => closed.map(() => ({ tag: 'gone' })) },
      database: { query: async () => ({ rows: [] }) },
      redis: { get: async () => null },
      stores: [],
      schemas: ['rm_1'],
      now: () => 0,
    };
    const report = await verifyErasure(resources as unknown as VerifyResources, { conversation: 'garden' });
    expect(report.messages).toHaveLength(MANY);
  });
});
