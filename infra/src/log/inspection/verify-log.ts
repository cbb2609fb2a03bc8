import type { JetStreamClient } from '@nats-io/jetstream';
import { type AccountEnvelope, decodeAccountEvent } from '@parley/domain/account/envelope';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { partitionOf } from '@parley/domain/log/partition';
import { seqOf } from '@parley/domain/log/seq-of';
import * as E from 'fp-ts/lib/Either.js';
import { parseJson } from '../../runtime/parse-json.js';
import { consumeBatches } from '../consume.js';
import type { LoggedMessage } from '../delivery.js';
import { accountStreamName, streamName } from '../subjects.js';
import { type Finding, type FindingKind, type Placed, seqChecks } from './seq-checks.js';

export type VerifiedLog = {
  readonly events: number;
  readonly conversations: number;
  /** Events of accounts, and whose. */
  readonly accountEvents: number;
  readonly accounts: number;
  /** How many of each kind. */
  readonly found: Readonly<Record<FindingKind, number>>;
  /** The first of them, `most` at most. */
  readonly findings: readonly Finding[];
};

export type VerifyLogOptions = {
  /** Findings kept; the others are counted. */
  readonly most: number;
  /** Told of events as they are read. */
  readonly onRead?: (events: number) => void;
  /** Told of each finding, also of those that are not kept. */
  readonly onFinding?: (finding: Finding) => void;
  readonly signal?: AbortSignal;
};

/**
 * Reads all events of conversations and accounts that are in the log now, and checks that each can be read in its newest form, is where it
 * belongs, and that the seqs of each conversation and user are dense from 1.
 *
 * @throws when the broker does not answer.
 */
export async function verifyLog(
  { js, partitions }: { readonly js: JetStreamClient; readonly partitions: number },
  { most, onRead, onFinding, signal }: VerifyLogOptions,
): Promise<VerifiedLog> {
  const findings: Finding[] = [];
  const found = { unreadable: 0, misplaced: 0, repeated: 0, missing: 0, incomplete: 0 };
  const tell = (finding: Finding): void => {
    found[finding.kind]++;
    if (findings.length < most) findings.push(finding);
    onFinding?.(finding);
  };
  const totals = { conv: { events: 0, count: 0 }, acct: { events: 0, count: 0 } };
  for (const { kind, partition, stream, decode } of streamsOf(partitions)) {
    const checks = seqChecks(stream, { homeOf: (of) => partitionOf(of, partitions), partition }, tell);
    const options = { follow: false, maxBatch: 1_000, ...(signal && { signal }) };
    for await (const batch of consumeBatches(js, stream, 0, options)) {
      for (const message of batch) {
        const json = parseJson(message.bytes);
        const event: E.Either<string, Placed> = json === undefined ? E.left('it is not JSON') : decode(json);
        checks.check({ streamSeq: message.streamSeq, of: ownerOf(message), event, seq: seqOf(json) });
      }
      totals[kind].events += batch.length;
      onRead?.(batch.length);
    }
    checks.end();
    totals[kind].count += checks.count;
  }
  return {
    events: totals.conv.events,
    conversations: totals.conv.count,
    accountEvents: totals.acct.events,
    accounts: totals.acct.count,
    found,
    findings,
  };
}

type CheckedStream = {
  readonly kind: 'conv' | 'acct';
  readonly partition: number;
  readonly stream: string;
  readonly decode: (json: unknown) => E.Either<string, Placed>;
};

const streamsOf = (partitions: number): readonly CheckedStream[] =>
  Array.from({ length: partitions }, (_, partition) => partition).flatMap((partition) => [
    {
      kind: 'conv',
      partition,
      stream: streamName(partition),
      decode: (json) => E.map(placedEvent)(decodeEnvelope(json)),
    },
    {
      kind: 'acct',
      partition,
      stream: accountStreamName(partition),
      decode: (json) => E.map(placedAccountEvent)(decodeAccountEvent(json)),
    },
  ]);

const placedEvent = (event: Envelope): Placed => ({
  of: event.conversationId,
  seq: event.seq,
  id: event.id,
  ...(event.type === 'message.erased' ? { claims: event.data.remains.map(({ seq }) => seq) } : {}),
});

const placedAccountEvent = ({ user, seq, id }: AccountEnvelope): Placed => ({ of: user, seq, id });

/** `<kind>.<pp>.<id>` */
const ownerOf = ({ subject }: LoggedMessage): string => subject.slice(subject.indexOf('.', 5) + 1);
