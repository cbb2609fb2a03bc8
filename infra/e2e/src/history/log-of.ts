import { jetstreamManager } from '@nats-io/jetstream';
import { openEvent } from '@parley/command-api/commands/open-event';
import type { Envelope } from '@parley/domain/log/envelope';
import { eventOfRemains } from '@parley/domain/log/remains';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { openVault } from '@parley/infra/vault/open-vault';
import { storedEvents } from '../stored-events.js';

/**
 * Every event of these conversations, read from the log itself, bodies opened as far as they still can be. Those that were taken out
 * of it are as what is left of them says, their bodies erased.
 */
export async function logOf(
  natsUrl: string,
  conversations: readonly string[],
): Promise<ReadonlyMap<string, readonly Envelope[]>> {
  const nats = await connectNats(natsUrl, 'log-of');
  const vault = await openVault({ nats, masterKeys: [TEST_MASTER_KEY] });
  const jsm = await jetstreamManager(nats);
  const logs = new Map<string, Envelope[]>();
  for (const conversationId of conversations) {
    const events: Envelope[] = [];
    for (const event of await storedEvents(jsm, conversationId)) events.push(await openEvent(vault, event));
    logs.set(
      conversationId,
      events.concat(erasedOf(events)).toSorted((one, other) => one.seq - other.seq),
    );
  }
  await vault.close();
  await nats.close();
  return logs;
}

/** Events that the log has no more. */
function erasedOf(events: readonly Envelope[]): readonly Envelope[] {
  const there = new Set(events.map(({ seq }) => seq));
  return events.flatMap((event) =>
    event.type === 'message.erased'
      ? event.data.remains
          .flatMap((each) => eventOfRemains(event.conversationId, each) ?? [])
          .filter(({ seq }) => !there.has(seq))
      : [],
  );
}

/** Whether its body was taken out of the log. */
export const isErased = ({ type, data }: Envelope): boolean =>
  (type === 'message.sent' || type === 'message.edited') && data.body.startsWith('e0.');

/** Messages that are gone, and whether by being deleted or because their life was over. */
export function goneOf(events: readonly Envelope[]): {
  readonly deleted: ReadonlySet<number>;
  readonly expired: ReadonlySet<number>;
} {
  const deleted = new Set<number>();
  const expired = new Set<number>();
  for (const event of events) {
    if (event.type === 'message.deleted') deleted.add(event.data.seq);
    if (event.type === 'message.expired')
      for (const [from, to] of event.data.ranges) for (let seq = from; seq <= to; seq++) expired.add(seq);
  }
  return { deleted, expired };
}

/** Whether everything that has an end has ended, and what was deleted is out of the log. */
export function isOver(events: readonly Envelope[]): boolean {
  const { deleted, expired } = goneOf(events);
  return events.every(
    (event) =>
      event.type !== 'message.sent' ||
      ((event.data.expiresAt === undefined || expired.has(event.seq)) &&
        (!deleted.has(event.seq) || isErased(event))),
  );
}

/** After which events, by their seqs, a user is a member; the event that puts them out is theirs to see too. */
export function membership(user: string, events: readonly Envelope[]): ReadonlySet<number> {
  let isMember = false;
  const seqs = new Set<number>();
  for (const event of events) {
    if (event.type === 'conversation.created' || event.type === 'member.added')
      isMember ||= event.data.members.some((entry) => entry.user === user);
    else if (event.type === 'member.removed') isMember &&= !event.data.users.includes(user);
    else if (event.type === 'member.left') isMember &&= event.actor !== user;
    if (isMember) seqs.add(event.seq);
  }
  return seqs;
}
