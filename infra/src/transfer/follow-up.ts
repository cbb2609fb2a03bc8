import type { NatsConnection } from '@nats-io/transport-node';
import { queueErasure } from '../erasure/queue.js';
import type { PublishWindow } from '../log/publish-window.js';
import { userSubject } from '../log/subjects.js';
import { readStoredValue } from '../vault/stored-value.js';
import type { VaultStream } from '../vault/vault-stream.js';

/** Members whose sessions are open are told; all others find it when they open one. */
export function announce(
  nats: NatsConnection,
  conversationId: string,
  seq: number,
  members: readonly string[],
): void {
  const notice = JSON.stringify({ type: 'conversation.added', conversationId, seq });
  for (const user of members) nats.publish(userSubject(user), notice);
}

/** Names of the vault that are asked for at once. */
const NAMES_AT_ONCE = 512;

/**
 * Who was erased here is erased from what came in as well, by the same job as before; who that is.
 *
 * @throws as the client does when the broker does not answer
 */
export async function eraseAgain(
  vaultStream: Pick<VaultStream, 'newestOf'>,
  window: PublishWindow,
  users: readonly string[],
): Promise<readonly string[]> {
  const erased: string[] = [];
  for (let from = 0; from < users.length; from += NAMES_AT_ONCE) {
    const names = users.slice(from, from + NAMES_AT_ONCE).map((user) => `author.${user}`);
    for (const { name, data } of (await vaultStream.newestOf(names)).values())
      if (readStoredValue(data)?.tag === 'marker') erased.push(name.slice('author.'.length));
  }
  for (const user of erased) await queueErasure(window, { kind: 'person', user });
  return erased;
}
