import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats, UnsuitableNats } from '@parley/infra/runtime/connect-nats';
import { Option } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliError } from './cli-error.js';
import { runningEndpoints } from './endpoints.js';

/** The flag of every verb that reads a log: which broker has it. */
export const natsOption = (): Option =>
  new Option('--nats <url>', 'the broker; else that of the running stack').env('NATS_URL');

/** The log of a stack, to read. */
export type LogAccess = {
  readonly nats: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly partitions: number;
  close(): Promise<void>;
};

/** How long a broker may take to answer at first, in ms: the connection itself would wait for ever. */
const PATIENCE_MS = 10_000;

/**
 * Opens the log at a NATS URL, else that of the stack that runs in the home.
 *
 * @throws CliError when nothing answers there in time, there is no log, or no stack runs
 */
export async function openLog(given: string | undefined): Promise<LogAccess> {
  const natsUrl = given ?? (await runningEndpoints('--nats')).nats;
  const at = hostsOf(natsUrl);
  const nats = await within(PATIENCE_MS, connectNats(natsUrl, 'replay')).catch((error: unknown) => {
    const reason = error instanceof UnsuitableNats ? error.message : `no NATS server answers at ${at}`;
    throw new CliError(`${reason}: see \`parley doctor\``, exitCodes.unavailable);
  });
  try {
    const partitions = await within(PATIENCE_MS, storedPartitions(new Kvm(nats)));
    if (partitions === undefined)
      throw new CliError(`the NATS server at ${at} has no log of Parley`, exitCodes.noInput);
    const jsm = await jetstreamManager(nats);
    return { nats, js: jetstream(nats), jsm, partitions, close: () => nats.close() };
  } catch (error) {
    await nats.close();
    throw error;
  }
}

/** Without what would tell a password. Several servers of a cluster are separated by commas. */
const hostsOf = (natsUrl: string): string =>
  natsUrl
    .split(',')
    .map((url) => (URL.canParse(url) ? new URL(url).host : url.slice(url.lastIndexOf('@') + 1)))
    .join(', ');

async function storedPartitions(buckets: Kvm): Promise<number | undefined> {
  try {
    const bucket = await buckets.open('PARLEY');
    return (await bucket.get('partitions'))?.json<number>();
  } catch {
    return undefined;
  }
}

function within<A>(ms: number, promise: Promise<A>): Promise<A> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
