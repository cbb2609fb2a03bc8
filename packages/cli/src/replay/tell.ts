import { closedIn } from '@parley/domain/sealing/closed';
import { liveEvent } from '@parley/domain/wire/live';
import { isPastItsLife, withoutContent } from '@parley/domain/wire/past-its-life';
import { openEach } from '@parley/infra/vault/open-each';
import type { Vault } from '@parley/infra/vault/vault';
import type { Logged, Told } from './logged.js';

/**
 * Events as they may be told at this moment: without what is past its life, and with a vault as members get them, with what is sealed
 * in them opened.
 */
export async function tell(events: readonly Logged[], vault: Vault | undefined): Promise<readonly Told[]> {
  const now = Date.now();
  const isTold = ({ event }: Logged): boolean => !isPastItsLife(event, now);
  const silent = (logged: Logged): Told => ({
    ...logged,
    event: withoutContent(logged.event),
    json: undefined,
  });
  if (vault === undefined)
    return events.every(isTold) ? events : events.map((each) => (isTold(each) ? each : silent(each)));
  const opened = await openEach(
    vault,
    events.map((each) => (isTold(each) ? closedIn(each.event) : undefined)),
  );
  return events.map((each, index) => {
    if (!isTold(each)) return silent(each);
    const { data } = liveEvent(each.event, opened[index]);
    return { ...each, event: { ...each.event, data }, json: undefined };
  });
}
