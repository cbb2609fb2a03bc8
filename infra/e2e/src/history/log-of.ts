import { jetstreamManager } from '@nats-io/jetstream';
import { openEvent } from '@parley/command-api/commands/open-event';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { readConversation } from '@parley/infra/log/conversation-reader';
import { placeOf } from '@parley/infra/log/subjects';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { TEST_MASTER_KEY } from '@parley/infra/testing/master-key';
import { SYSTEM_PARTITIONS } from '@parley/infra/testing/system-processes';
import { openVault } from '@parley/infra/vault/open-vault';
import * as E from 'fp-ts/lib/Either.js';

/** Every event of these conversations, read from the log itself, bodies opened. */
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
    for await (const { json } of readConversation(jsm, placeOf(conversationId, SYSTEM_PARTITIONS))) {
      const event = decodeEnvelope(json);
      if (E.isLeft(event)) throw new Error(`${conversationId}: ${event.left}`);
      events.push(await openEvent(vault, event.right));
    }
    logs.set(conversationId, events);
  }
  await vault.close();
  await nats.close();
  return logs;
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
