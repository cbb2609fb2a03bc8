import { schemaOf } from '@parley/infra/read-model/schema-name';
import { openSession } from '@parley/projector/ownership/session';
import type { RetryResources } from '@parley/projector/parked/fold-parked';
import type { Letter } from '@parley/projector/parked/letters';
import { type Retried, retryConversation } from '@parley/projector/parked/retry-conversation';
import { retryReceipt } from '@parley/projector/parked/retry-receipt';
import { openLog } from '../terminal/log-access.js';
import { grouped } from '../terminal/print.js';

/** What retrying a letter came to. */
export type Outcome = Retried & Pick<Letter, 'id' | 'version' | 'conversationId'>;

/** What it takes to retry: the log, and a session that writes as projectors do. */
export type RetryAccess = { readonly jsm: RetryResources['jsm']; readonly client: RetryResources['client'] };

/**
 * Opens both for as long as something runs.
 *
 * @throws CliError when the broker does not answer
 */
export async function withRetryAccess<A>(
  natsUrl: string | undefined,
  databaseUrl: string,
  run: (access: RetryAccess) => Promise<A>,
): Promise<A> {
  const log = await openLog(natsUrl);
  try {
    const session = await openSession(databaseUrl, 'dead-letters');
    try {
      return await run({ jsm: log.jsm, client: session.client });
    } finally {
      await session.end();
    }
  } finally {
    await log.close();
  }
}

export async function retryLetter(
  { jsm, client }: RetryAccess,
  { id, version, conversationId, projection, partition, streamSeq }: Letter,
  signal: AbortSignal,
): Promise<Outcome> {
  const resources = { client, jsm, schema: schemaOf(version), share: { projection, partition } };
  const retried =
    projection === 'timeline'
      ? await retryConversation(resources, conversationId, signal)
      : await retryReceipt(resources, streamSeq);
  return { ...retried, id, version, conversationId };
}

export function sentenceOf(outcome: Outcome): string {
  const what = `${outcome.id} of version ${outcome.version}, ${outcome.conversationId}`;
  switch (outcome.tag) {
    case 'mended':
      return `${what}: goes on, ${grouped(outcome.folded)} events folded`;
    case 'gone':
      return `${what}: went on already`;
    case 'stuck': {
      const how =
        outcome.folded === 0
          ? 'stands still'
          : `${grouped(outcome.folded)} events folded, stands still again`;
      return `${what}: ${how} at ${outcome.letter.streamSeq}: ${outcome.letter.error}`;
    }
    default:
      return outcome satisfies never;
  }
}

/** Of a letter without its payload: that may hold what people wrote. */
export const printable = (outcome: Outcome): object =>
  outcome.tag === 'stuck'
    ? { ...outcome, letter: { streamSeq: outcome.letter.streamSeq, error: outcome.letter.error } }
    : outcome;
