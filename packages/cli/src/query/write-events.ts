import type { Envelope } from '@parley/domain/log/envelope';
import { type Closed, closedIn } from '@parley/domain/sealing/closed';
import { type Opened, shown, shownTitle } from '@parley/domain/sealing/opened';
import { endOf, isPastItsLife, withoutContent } from '@parley/domain/wire/past-its-life';
import { openEach } from '@parley/infra/vault/open-each';
import type { Vault } from '@parley/infra/vault/vault';
import * as E from 'fp-ts/lib/Either.js';
import type { EventWriter } from './event-table.js';
import type { StoredEvent } from './read-events.js';

export type WriteOptions = {
  /** Opens bodies and titles; without it they stay sealed. */
  readonly vault: Vault | undefined;
  /** Events logged earlier are left out; in ms. */
  readonly since: number;
};

/** Writes a batch of a partition, without what may not be told any more. What cannot be read is written as such. */
export async function writeEvents(
  writer: EventWriter,
  partition: number,
  batch: readonly StoredEvent[],
  { vault, since }: WriteOptions,
): Promise<void> {
  const read: { streamSeq: number; event: Envelope }[] = [];
  for (const { streamSeq, event } of batch) {
    if (E.isLeft(event)) writer.addUnreadable({ partition, streamSeq, reason: event.left });
    else if (event.right.at >= since) read.push({ streamSeq, event: event.right });
  }
  const now = Date.now();
  const opened =
    vault &&
    (await openEach(
      vault,
      read.map(({ event }) => sealedIn(event, now)),
    ));
  read.forEach(({ streamSeq, event }, index) => {
    writer.add({ partition, streamSeq, event, ...told(event, now, opened?.[index]) });
  });
}

/** What may be opened of an event: nothing, where it is past its life. */
const sealedIn = (event: Envelope, now: number): Closed | undefined =>
  isPastItsLife(event, now) ? undefined : closedIn(event);

function told(event: Envelope, now: number, opened: Opened | undefined) {
  const ends = endOf(event);
  if (ends === undefined) return { data: withOpened(event, opened) };
  const untold = withoutContent(event).data;
  return ends <= now ? { data: untold } : { data: withOpened(event, opened), mortal: { ends, untold } };
}

/** The data with its body or title opened, as members get them, and all else as the log has it. */
function withOpened({ type, data }: Envelope, opened: Opened | undefined): object {
  if (opened === undefined) return data;
  if (type === 'message.sent' || type === 'message.edited') return { ...data, ...shown(opened) };
  const { title: _, ...rest } = data as { readonly title?: string };
  return { ...rest, ...shownTitle(opened) };
}
