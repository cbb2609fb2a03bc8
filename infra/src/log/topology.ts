import { setTimeout as sleep } from 'node:timers/promises';
import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { steadyNow } from '../runtime/steady-now.js';
import { LIVE_VAULT, VAULT_STREAM, vaultSubject } from '../vault/names.js';
import { isLogAway } from './log-away.js';
import { accountStreamName, ERASURES, erasureSubject, receiptStreamName, streamName } from './subjects.js';

export type TopologyOptions = {
  /** Number of partitions this process is configured for. */
  readonly partitions: number;
  /** Copies of each stream: 1 on one server, 3 in a cluster. */
  readonly replicas: number;
};

/** The log was made with another number of partitions: a conversation would be looked for in the wrong stream. */
export class PartitionMismatch extends Error {
  constructor(
    readonly stored: number,
    readonly configured: number,
  ) {
    super(
      `The log has ${stored} partitions, this process is configured for ${configured}. ` +
        `Set PARLEY_PARTITIONS=${stored}; the number is chosen once, when the log is made.`,
    );
    this.name = 'PartitionMismatch';
  }
}

/**
 * Makes the streams and buckets that are missing and checks those that are there. Idempotent; any process may call it
 * first, and several at once: in a cluster that has just come up, or a stream that another process makes at this moment, there may be
 * nobody who answers, or who can do it yet, so that is tried again for 20 s.
 *
 * @throws PartitionMismatch when the log has another number of partitions.
 * @throws Error when the server does not keep to a setting the log relies on.
 */
export async function ensureTopology(nats: NatsConnection, options: TopologyOptions): Promise<void> {
  for (const until = steadyNow() + MADE_WITHIN_MS; ; ) {
    try {
      return await makeWhatIsMissing(nats, options);
    } catch (error) {
      if (!mayPass(error) || nats.isClosed() || steadyNow() > until) throw error;
      await sleep(200);
    }
  }
}

const MADE_WITHIN_MS = 20_000;

/** Not that a broker which is alone keeps no several copies: that stays so. */
const mayPass = (error: unknown): boolean =>
  error instanceof NotStored ||
  (isLogAway(error) && !(error instanceof JetStreamApiError && error.code === REPLICAS_NOT_SUPPORTED));

const REPLICAS_NOT_SUPPORTED = 10074;

class NotStored extends Error {
  override readonly name = 'NotStored';
}

async function makeWhatIsMissing(nats: NatsConnection, options: TopologyOptions): Promise<void> {
  const jsm = await jetstreamManager(nats);
  await claimPartitions(nats, jsm, options);
  const partitions = Array.from({ length: options.partitions }, (_, partition) => partition);
  await Promise.all([
    ...partitions.flatMap((partition) => [
      ensureStream(jsm, conversationStream(partition, options)),
      ensureStream(jsm, receiptStream(partition, options)),
      ensureStream(jsm, accountStream(partition, options)),
    ]),
    ensureStream(jsm, erasureStream(options)),
    ensureStream(jsm, vaultStream(options)),
  ]);
  await new Kvm(nats).create('SNAPSHOTS', { history: 1, replicas: options.replicas });
}

async function claimPartitions(
  nats: NatsConnection,
  jsm: JetStreamManager,
  { partitions, replicas }: TopologyOptions,
): Promise<void> {
  const bucket = await new Kvm(nats).create('PARLEY', { history: 1, replicas });
  const stored = (await read()) ?? (await claim());
  const count = stored.json<number>();
  if (count !== partitions) throw new PartitionMismatch(count, partitions);

  async function claim() {
    // Two processes may start at once: one creates the key, the other reads what was created.
    await bucket.create('partitions', JSON.stringify(partitions)).catch(() => undefined);
    const entry = await read();
    if (entry === null)
      throw new NotStored('The number of partitions could not be stored in the KV bucket PARLEY.');
    return entry;
  }

  /** Of the leader: another copy may not have yet what was stored just now. */
  function read() {
    return jsm.streams.getMessage('KV_PARLEY', { last_by_subj: '$KV.PARLEY.partitions' });
  }
}

type Wanted = Partial<StreamConfig> & { name: string };

function conversationStream(partition: number, { replicas }: TopologyOptions): Wanted {
  const label = streamName(partition).slice(-2);
  return {
    name: streamName(partition),
    subjects: [`conv.${label}.*`],
    storage: 'file',
    retention: 'limits',
    num_replicas: replicas,
    allow_direct: true,
    republish: { src: `conv.${label}.*`, dest: `live.${label}.{{wildcard(1)}}` },
  };
}

function receiptStream(partition: number, { replicas }: TopologyOptions): Wanted {
  const label = receiptStreamName(partition).slice(-2);
  return {
    name: receiptStreamName(partition),
    subjects: [`rcpt.${label}.*.*`],
    storage: 'file',
    retention: 'limits',
    num_replicas: replicas,
    allow_direct: true,
    max_msgs_per_subject: KEPT_MOVES,
    republish: { src: `rcpt.${label}.*.*`, dest: `receipts.${label}.{{wildcard(1)}}.{{wildcard(2)}}` },
  };
}

/**
 * Moves of a user's watermarks that a conversation keeps: they say when an older message was received and read, where the
 * newest alone would not.
 */
export const KEPT_MOVES = 32;

function accountStream(partition: number, { replicas }: TopologyOptions): Wanted {
  const label = accountStreamName(partition).slice(-2);
  return {
    name: accountStreamName(partition),
    subjects: [`acct.${label}.*`],
    storage: 'file',
    retention: 'limits',
    num_replicas: replicas,
    allow_direct: true,
    republish: { src: `acct.${label}.*`, dest: `account.${label}.{{wildcard(1)}}` },
  };
}

/** What is to be erased: each job until it is done. Full, it takes no more, and what asks for erasing is refused. */
function erasureStream({ replicas }: TopologyOptions): Wanted {
  return {
    name: ERASURES,
    subjects: [erasureSubject('>')],
    storage: 'file',
    retention: 'workqueue',
    discard: 'new',
    max_msgs: MAX_ERASURES,
    duplicate_window: nanos(ERASURES_REMEMBERED_MS),
    num_replicas: replicas,
    allow_direct: true,
  };
}

/** Jobs that may wait: at 70 a second, which is what the broker takes out of a log, they are done in four hours. */
const MAX_ERASURES = 1_000_000;

/** Milliseconds in which a job that is put into the queue again is known. */
export const ERASURES_REMEMBERED_MS = 120_000;

/**
 * The KV bucket of the vault, made here because the client would let anybody purge it, which deletes without overwriting. For the
 * same reason a name keeps several values: the oldest is not to be deleted plainly by the newest.
 */
function vaultStream({ replicas }: TopologyOptions): Wanted {
  return {
    name: VAULT_STREAM,
    subjects: [vaultSubject('>')],
    storage: 'file',
    retention: 'limits',
    num_replicas: replicas,
    allow_direct: true,
    deny_purge: true,
    max_msgs_per_subject: 64,
    republish: { src: vaultSubject('>'), dest: LIVE_VAULT },
  };
}

async function ensureStream(jsm: JetStreamManager, wanted: Wanted): Promise<void> {
  const info = await jsm.streams.info(wanted.name).catch(async (error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return jsm.streams.add(wanted);
    throw error;
  });
  const kept = await keepingMore(jsm, info.config, wanted);
  if (!kept.allow_direct || kept.republish?.dest !== wanted.republish?.dest) {
    throw new Error(
      `Stream ${wanted.name} does not republish to ${wanted.republish?.dest} or does not allow direct reads. ` +
        'It was made by something else or by a server that ignores these settings; NATS 2.12 or newer is needed.',
    );
  }
}

/** A stream made when fewer moves were kept keeps more from now on. Never fewer: an older process must not cut off what a newer keeps. */
async function keepingMore(jsm: JetStreamManager, kept: StreamConfig, wanted: Wanted): Promise<StreamConfig> {
  const most = wanted.max_msgs_per_subject ?? 0;
  if (kept.max_msgs_per_subject >= most || kept.max_msgs_per_subject < 1) return kept;
  return (await jsm.streams.update(wanted.name, { max_msgs_per_subject: most })).config;
}

const STREAM_NOT_FOUND = 10059;
