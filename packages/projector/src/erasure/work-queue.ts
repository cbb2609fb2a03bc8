import {
  AckPolicy,
  type ConsumerMessages,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { decodeWith } from '@parley/domain/text';
import { ErasureJob } from '@parley/infra/erasure/job';
import { ERASURES } from '@parley/infra/log/subjects';
import type { Log } from '@parley/infra/runtime/log';
import { parseJson } from '@parley/infra/runtime/parse-json';
import { isLeft } from 'fp-ts/lib/Either.js';
import { pause } from '../pause.js';
import type { ErasureMetrics } from './metrics.js';
import type { Outcome, Wait } from './outcome.js';

export type WorkResources = {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly log: Log;
  readonly metrics: ErasureMetrics;
  /** Does a job, or says why not now. What it throws counts as a failure, after which it is tried again. */
  readonly erase: (job: ErasureJob) => Promise<Outcome>;
  /** The log's time in ms. */
  readonly now: () => number;
  /** A job that nobody says to be at work on for so long, in ms, is given to another; 10 s unless said. All who share the queue say the same. */
  readonly patience?: number;
};

export type ErasureWork = { close(): Promise<void> };

/** The one consumer that all projectors share. */
export const ERASERS = 'erasers';

/** Jobs one process does at the same time; more than that would not make the broker faster, which takes out some 70 a second. */
const AT_ONCE = 8;

const PATIENCE = 10_000;

/** Ms for which the broker is asked at a time. */
const ASK_FOR = 10_000;

/** Jobs handed out, or put back to be tried again, at most: so many may fail for good before no other is done. */
const MAX_PENDING = 50_000;

/**
 * Ms after which a job whose event is not in the log is given up: its command was refused or died. Longer than a job is remembered by
 * its id, so one that is queued again in time finds this one still waiting.
 */
const GIVE_UP = 300_000;

/** Ms until a job that failed is tried again: at first, and at most. */
const RETRY = [500, 300_000] as const;

/** The same for one whose event is not there yet, and for one that has to wait. */
const LOOK_AGAIN = [200, 10_000] as const;
const WAIT: Readonly<Record<Wait, number>> = { held: 60_000, behind: 1_000, parked: 60_000, contended: 200 };

/**
 * Takes jobs from the queue until it is closed, whether or not this process owns partitions. A job leaves the queue when it is done;
 * one that fails is tried again, ever more seldom, and never lost.
 */
export function workOnErasures(resources: WorkResources): ErasureWork {
  const { log, patience = PATIENCE } = resources;
  const closing = new AbortController();
  const inHand = new Set<Promise<void>>();
  const turns = new Map<string, Promise<void>>();
  let messages: ConsumerMessages | undefined;
  const running = run();

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        messages = await consume(resources, patience);
        if (closing.signal.aborted) messages.stop();
        for await (const message of messages) await take(message);
      } catch (error) {
        log.warn({ reason: (error as Error).message }, 'the queue of erasures cannot be read now');
      }
      await pause(1_000, closing.signal);
    }
  }

  async function take(message: JsMsg): Promise<void> {
    // Also while it waits for its turn: who got it meanwhile would only be in the way.
    const alive = setInterval(() => message.working(), patience / 3);
    const work = inTurn(message.subject, () => doJob(resources, message)).finally(() => {
      clearInterval(alive);
      inHand.delete(work);
    });
    inHand.add(work);
    if (inHand.size >= AT_ONCE) await Promise.race(inHand);
  }

  /** Jobs of one conversation wait for each other: each appends to it, and would find itself too late. */
  async function inTurn(subject: string, work: () => Promise<void>): Promise<void> {
    const key = subject.split('.')[2] ?? '';
    const turn = (turns.get(key) ?? Promise.resolve()).then(work);
    turns.set(key, turn);
    await turn;
    if (turns.get(key) === turn) turns.delete(key);
  }

  return {
    async close() {
      closing.abort();
      messages?.stop();
      await running;
      await Promise.all(inHand);
    },
  };
}

async function consume({ js, jsm }: WorkResources, patience: number): Promise<ConsumerMessages> {
  await jsm.consumers.add(ERASURES, {
    durable_name: ERASERS,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(patience),
    max_ack_pending: MAX_PENDING,
    max_deliver: -1,
  });
  const consumer = await js.consumers.get(ERASURES, ERASERS);
  return consumer.consume({ max_messages: AT_ONCE, expires: ASK_FOR });
}

/** Never rejects. */
async function doJob(resources: WorkResources, message: JsMsg): Promise<void> {
  const { metrics, log, now } = resources;
  const decoded = decodeWith(ErasureJob, parseJson(message.data));
  if (isLeft(decoded)) {
    metrics.ended('unreadable', 'failed');
    log.error(
      { subject: message.subject, reason: decoded.left },
      'a job of the queue of erasures cannot be read',
    );
    return message.nak(RETRY[1]);
  }
  const job = decoded.right;
  try {
    const outcome = await resources.erase(job);
    const isGivenUp = outcome.tag === 'not yet' && now() - queuedAt(message) > GIVE_UP;
    metrics.ended(job.kind, isGivenUp ? 'given up' : outcome.tag === 'later' ? outcome.why : outcome.tag);
    if (outcome.tag === 'done' || isGivenUp) message.ack();
    else if (outcome.tag === 'later') message.nak(WAIT[outcome.why]);
    else message.nak(growing(LOOK_AGAIN, message.info.deliveryCount));
  } catch (error) {
    metrics.ended(job.kind, 'failed');
    log.warn({ job, reason: (error as Error).message }, 'an erasure failed; it is tried again');
    message.nak(growing(RETRY, message.info.deliveryCount));
  }
}

const queuedAt = ({ info }: JsMsg): number => Math.floor(info.timestampNanos / 1_000_000);

const growing = ([first, most]: readonly [number, number], tries: number): number =>
  Math.min(first * 2 ** Math.min(tries - 1, 20), most);
