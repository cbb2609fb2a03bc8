import type { Envelope } from '@parley/domain/log/envelope';
import { type Closed, closedIn } from '@parley/domain/sealing/closed';
import { type Opened, shown, shownTitle } from '@parley/domain/sealing/opened';
import { endOf, isPastItsLife, withoutContent } from '@parley/domain/wire/past-its-life';
import { openEach } from '@parley/infra/vault/open-each';
import type { Vault } from '@parley/infra/vault/vault';
import type { Logged } from '../replay/logged.js';
import type { EventWriter } from './event-table.js';

/** Writes events, without what may not be told any more. With a vault bodies and titles are opened, else they stay sealed. */
export async function writeEvents(
  writer: EventWriter,
  events: readonly Logged[],
  vault: Vault | undefined,
): Promise<void> {
  const now = Date.now();
  const opened =
    vault &&
    (await openEach(
      vault,
      events.map(({ event }) => sealedIn(event, now)),
    ));
  events.forEach(({ partition, streamSeq, event }, index) => {
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
