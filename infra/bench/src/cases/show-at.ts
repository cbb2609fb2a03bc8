import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { closeBody } from '@parley/domain/conversation/body';
import type { ConversationEvent } from '@parley/domain/conversation/events';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { conversationPages } from '@parley/infra/log/conversation-pages';
import { placeOf, receiptPlaceOf } from '@parley/infra/log/subjects';
import { ensureTopology } from '@parley/infra/log/topology';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { startCli } from '@parley/infra/testing/cli-process';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { storeLog } from '@parley/infra/testing/store-log';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { type Case, type Figure, paired } from '../case.js';
import { openBenchVault, sealedPast } from '../chain/bench-vault.js';
import { groupOf } from '../chain/group-log.js';
import { withStack } from '../with-stack.js';

const TARGET_MS = 1_000;
const ID = 'town';

/** Members, and moves of each one's watermarks. */
const PEOPLE = 50;
const MOVES = 32;

/** A conversation as it was, by the whole command, from nothing to its last line. */
export const showAt: Case = {
  name: 'show-at',
  about:
    '`parley conversation show --at` in a conversation of 100,000 events of all kinds amid as many of others, against reading those events raw',
  async run({ quick, say }) {
    const events = quick ? 10_000 : 100_000;
    return withStack(false, async (stack) => {
      const nats = await connectNats(stack.nats, 'bench');
      await ensureTopology(nats, { partitions: SYSTEM_PARTITIONS, replicas: 1 });
      const vault = await openBenchVault(nats);
      say(`storing ${events.toLocaleString('en')} events, sealed, and as many of others`);
      const log = await sealedPast(vault, town(events));
      await vault.close();
      await storeAmidOthers(nats, log);
      await storeMoves(nats, events);

      const jsm = await jetstreamManager(nats);
      const place = placeOf(ID, SYSTEM_PARTITIONS);
      const raw = async (): Promise<number> => {
        const begin = performance.now();
        let count = 0;
        for await (const page of conversationPages(jsm, place)) count += page.length;
        if (count !== log.length) throw new Error(`${count} events instead of ${log.length}`);
        return performance.now() - begin;
      };
      const shown = async (at: string): Promise<number> => {
        const begin = performance.now();
        const { output, ended } = startCli(['conversation', 'show', ID, '--at', at, '--open-bodies'], {
          NATS_URL: stack.nats,
          PARLEY_MASTER_KEYS: Buffer.from(TEST_MASTER_KEY).toString('base64url'),
        });
        if ((await ended) !== 0 || !output.out.includes('number ')) throw new Error(output.err || output.out);
        return performance.now() - begin;
      };
      const half = log[Math.floor(log.length / 2)] as Envelope;
      const moments = [
        ['at the newest event', `${log.length}`],
        ['half way', `${half.seq}`],
        ['half way, by time', new Date(half.at).toISOString()],
      ] as const;
      const figures: Figure[] = [];
      for (const [name, at] of moments) {
        const { ours, ceiling, ratio, spread } = await paired(quick ? 3 : 9, () => shown(at), raw);
        figures.push({
          name: `show --at in a conversation of ${log.length.toLocaleString('en')} events, ${name}`,
          unit: 'ms',
          ours,
          ceiling,
          ratio,
          target: `<= ${TARGET_MS} ms`,
          met: ours <= TARGET_MS,
          note: `the whole command, its start included, against the reading alone of all events; ${spread}`,
        });
      }
      await nats.close();
      return figures;
    });
  },
};

/** Mostly messages, some with a life; edits, reactions, deletions, pins and what expires among them. */
function town(length: number): readonly Envelope[] {
  const people = Array.from({ length: PEOPLE }, (_, n) => `user-${n}`);
  const began = Date.now() - length * 1_000;
  const log: Envelope[] = [...groupOf(ID, people)].map((event) => ({ ...event, at: began }));
  let ordinal = 0;
  for (let seq = log.length + 1; seq <= length; seq++) {
    const actor = people[(seq * 7) % PEOPLE] as string;
    const place = { conversationId: ID, seq, at: began + seq * 900, actor, commandId: `command-${seq}` };
    log.push(envelop(deed(seq, actor), place));
  }
  return log;

  function deed(seq: number, author: string): ConversationEvent {
    const body = closeBody({
      kind: 'text',
      text: `number ${seq}: somebody says about as much as people say at once, and is done`,
    });
    const target = seq - 11;
    if (target > 30) {
      if (seq % 25 === 7) return { type: 'message.edited', data: { seq: target, body } };
      if (seq % 10 === 4)
        return { type: 'message.reacted', data: { seq: target, emoji: '👍', removed: false } };
      if (seq % 50 === 9) return { type: 'message.deleted', data: { seq: target } };
      if (seq % 100 === 11)
        return { type: 'message.expired', data: { ranges: [[target - 20, target - 19]] } };
      if (seq % 2_500 === 12) return { type: 'message.pinned', data: { seq: target, author } };
    }
    const life = seq % 5 === 0 ? { expiresAt: Date.now() + 86_400_000 } : {};
    return { type: 'message.sent', data: { ordinal: ++ordinal, body, ...life } };
  }
}

/** As many events of other conversations, of the same partition as chance has it, lie between those of the town. */
async function storeAmidOthers(nats: NatsConnection, log: readonly Envelope[]): Promise<void> {
  const CHUNK = 10_000;
  for (let from = 0; from < log.length; from += CHUNK) {
    const chunk = log.slice(from, from + CHUNK).flatMap((event) => {
      const other = `other-${event.seq % 500}`;
      return [event, { ...event, conversationId: other, id: `${other}:${event.seq}` }];
    });
    await storeLog(nats, chunk, SYSTEM_PARTITIONS);
  }
}

async function storeMoves(nats: NatsConnection, length: number): Promise<void> {
  for (let move = 1; move <= MOVES; move++) {
    for (let person = 0; person < PEOPLE; person++) {
      const user = `user-${person}`;
      const read = Math.floor((length * move) / MOVES) - person;
      const receipt = {
        conversationId: ID,
        user,
        delivered: read,
        read,
        at: Date.now() - (MOVES - move) * 60_000,
      };
      await nats.request(receiptPlaceOf(ID, user, SYSTEM_PARTITIONS).subject, JSON.stringify(receipt));
    }
  }
}
