import type { NatsConnection } from '@nats-io/transport-node';
import { decodeAccountEvent } from '@parley/domain/account/envelope';
import { type Gone, goneAs } from '@parley/domain/account/state';
import { isLogAway } from '@parley/infra/log/log-away';
import { LIVE_ACCOUNTS } from '@parley/infra/log/subjects';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import { LRUCache } from 'lru-cache';
import type { Accounts } from './accounts.js';

/** Who calls, as far as it matters here. */
type Caller = { readonly user: string; readonly device: string };

export type DeviceCheck = {
  /** Whether the caller's device is known here to be revoked, or the caller to be erased, heard live or found before: without a question. */
  knownGone(caller: Caller): Gone | undefined;
  /** The same as the log has it, as of a second ago at most. */
  goneAs(caller: Caller): Promise<Gone | undefined>;
  close(): void;
};

/** Revocations and erased people remembered; what is forgotten is found in the log when its device comes back. */
const MAX_KNOWN = 100_000;

/** How old, in ms, what is known of an account may be. */
const MAX_AGE = 1_000;

/**
 * Knows which devices are revoked. A gateway asks the log when a session opens, so that requests of open sessions need only
 * what is known here; whoever comes without a session is looked up.
 */
export function openDeviceCheck(
  nats: NatsConnection,
  accounts: Accounts,
  isLineUp: () => boolean,
): DeviceCheck {
  const known = new LRUCache<string, Gone>({ max: MAX_KNOWN });
  const keyOf = ({ user, device }: Caller): string => `${user}/${device}`;
  const subscription = nats.subscribe(LIVE_ACCOUNTS, {
    callback: (error, message) => {
      const event = error ? E.left(error.message) : decodeAccountEvent(parseJson(message.data));
      if (E.isLeft(event)) return;
      const { type, user, data } = event.right;
      if (type === 'device.revoked') known.set(keyOf({ user, device: data.device }), 'DeviceRevoked');
      if (type === 'account.erased') known.set(user, 'PersonErased');
    },
  });
  const knownGone = (caller: Caller): Gone | undefined => known.get(caller.user) ?? known.get(keyOf(caller));

  return {
    knownGone,
    async goneAs(caller) {
      const gone = knownGone(caller);
      if (gone !== undefined) return gone;
      // Without the log nothing can be written; that history can be read then must not depend on it either.
      if (!isLineUp()) return undefined;
      try {
        const { state } = await accounts.recent(caller.user, MAX_AGE);
        const found = goneAs(state, caller.device);
        if (found !== undefined) known.set(found === 'PersonErased' ? caller.user : keyOf(caller), found);
        return found;
      } catch (error) {
        if (!isLogAway(error)) throw error;
        return undefined;
      }
    },
    close: () => subscription.unsubscribe(),
  };
}
