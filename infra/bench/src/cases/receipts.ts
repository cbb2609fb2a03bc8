import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { MAX_TOLD_RECEIPTS } from '@parley/domain/wire/receipts';
import { receiptStreamName } from '@parley/infra/log/subjects';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { waitFor } from '@parley/infra/testing/wait-for';
import { type Case, type Figure, median } from '../case.js';
import { type Crowd, gather, tokensOf, withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { ask, type OurChain, startOurChain } from '../chain/our-chain.js';
import { withStack } from '../with-stack.js';

const ROUNDS = 3;

/** Everybody of a group that is on line reads each message. */
export const receipts: Case = {
  name: 'receipts',
  about:
    'groups of 50 to 1,000 on line in which everybody reads a message: writes to the log, frames and bytes of receipts',
  async run({ quick, say }) {
    const sizes = quick ? [50, 100, 200, 400] : [50, 100, 250, 500, 1_000];
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      const results: Result[] = [];
      for (const size of sizes) {
        say(`${size.toLocaleString('en')} people, ${ROUNDS} messages`);
        const users = Array.from({ length: size }, (_, n) => `r${size}-${n}`);
        const id = `bench-read-${size}`;
        await withPast(stack, nats, groupOf(id, users));
        const crowd = await gather(system.ws, await tokensOf(system, users.slice(1)));
        const rounds: Result[] = [];
        for (let round = 0; round < ROUNDS; round++)
          rounds.push(await readByAll(system, nats, crowd, id, users));
        await crowd.stop();
        results.push(middle(rounds));
      }
      await nats.close();
      await system.stop();
      return [...results.map(figure), growth(results)];
    });
  },
};

type Result = {
  readonly people: number;
  readonly writes: number;
  readonly frames: number;
  readonly bytes: number;
  readonly ms: number;
};

/** The first sends, the others read. What they are answered is not counted, what they are told is. */
async function readByAll(
  system: OurChain,
  nats: NatsConnection,
  crowd: Crowd,
  conversationId: string,
  users: readonly string[],
): Promise<Result> {
  const readers = users.length - 1;
  const author = await system.session(users[0] as string);
  const { reached } = await crowd.expect(readers);
  const body = { kind: 'text', text: 'read this' };
  const { seq } = (await ask(author, 'message.send', {
    conversationId,
    commandId: `${Date.now()}`,
    body,
  })) as {
    seq: number;
  };
  await reached;

  await crowd.expect(Number.MAX_SAFE_INTEGER);
  const before = await receiptsStored(nats);
  const begin = performance.now();
  const marks = [{ conversationId, read: seq }];
  crowd.say(JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'receipt.mark', params: { marks } }));
  const writes = async () => (await receiptsStored(nats)) - before;
  await waitFor(async () => (await writes()) >= readers, { what: 'the marks in the log', timeout: 60_000 });
  const ms = performance.now() - begin;
  const counted = await atRest(crowd);
  author.terminate();
  return {
    people: users.length,
    writes: await writes(),
    // One answer to each of them; some 150 bytes.
    frames: counted.frames - readers,
    bytes: counted.bytes,
    ms,
  };
}

/** Counts until nothing more comes. */
async function atRest(crowd: Crowd): Promise<{ readonly frames: number; readonly bytes: number }> {
  let last = await crowd.count();
  let since = Date.now();
  await waitFor(
    async () => {
      const now = await crowd.count();
      if (now.frames !== last.frames) since = Date.now();
      last = now;
      return Date.now() - since > 500;
    },
    { what: 'the last receipt', timeout: 60_000 },
  );
  return last;
}

async function receiptsStored(nats: NatsConnection): Promise<number> {
  const jsm = await jetstreamManager(nats);
  let stored = 0;
  for (let partition = 0; partition < SYSTEM_PARTITIONS; partition++) {
    const { state } = await jsm.streams.info(receiptStreamName(partition));
    stored += state.last_seq;
  }
  return stored;
}

function middle(rounds: readonly Result[]): Result {
  const of = (pick: (result: Result) => number) => median(rounds.map(pick));
  return {
    people: of(({ people }) => people),
    writes: of(({ writes }) => writes),
    frames: of(({ frames }) => frames),
    bytes: of(({ bytes }) => bytes),
    ms: of(({ ms }) => ms),
  };
}

function figure({ people, writes, frames, bytes, ms }: Result): Figure {
  const readers = people - 1;
  return {
    name: `${people.toLocaleString('en')} read a message: frames of receipts for each`,
    unit: 'frames',
    ours: frames / readers,
    target: 'ticks of 50 ms, and 3',
    met: frames / readers <= ms / 50 + 3 && writes === readers,
    note: `${writes.toLocaleString('en')} writes to the log in ${ms.toFixed(0)} ms; ${(bytes / readers / 1024).toFixed(1)} KiB for each, answers included`,
  };
}

/** Writes and frames of the largest against the smallest in which not all are told of all. */
function growth(results: readonly Result[]): Figure {
  const first = results.find(({ people }) => people > MAX_TOLD_RECEIPTS) as Result;
  const last = results.at(-1) as Result;
  const work = ({ writes, frames }: Result) => writes + frames;
  const grown = work(last) / work(first);
  const people = last.people / first.people;
  return {
    name: `writes and frames, ${last.people.toLocaleString('en')} people against ${first.people}`,
    unit: 'times',
    ours: grown,
    ceiling: people,
    ratio: grown / people,
    target: '<= 1.5 times as many people',
    met: grown / people <= 1.5,
    note: `members squared would be ${(people * people).toFixed(0)} times`,
  };
}
