import type { NatsConnection } from '@nats-io/transport-node';
import { decodeAccountEvent } from '@parley/domain/account/envelope';
import { isRevoked } from '@parley/domain/account/state';
import { isLogAway } from '@parley/infra/log/log-away';
import { LIVE_ACCOUNTS } from '@parley/infra/log/subjects';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import { LRUCache } from 'lru-cache';
import type { Accounts } from './accounts.js';

/** Who calls, as far as it matters here. */
type Caller = { readonly user: string; readonly device: string };

export type DeviceCheck = {
  /** Whether the caller's device is known here to be revoked, heard live or found before: without a question. */
  isKnownRevoked(caller: Caller): boolean;
  /** Whether the log has a revocation of the caller's device, as of a second ago at most. */
  isRevoked(caller: Caller): Promise<boolean>;
  close(): void;
};

/** Revocations remembered; what is forgotten is found in the log when its device comes back. */
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
  const known = new LRUCache<string, true>({ max: MAX_KNOWN });
  const keyOf = ({ user, device }: Caller): string => `${user}/${device}`;
  const subscription = nats.subscribe(LIVE_ACCOUNTS, {
    callback: (error, message) => {
      const event = error ? E.left(error.message) : decodeAccountEvent(parseJson(message.data));
      if (E.isLeft(event) || event.right.type !== 'device.revoked') return;
      known.set(keyOf({ user: event.right.user, device: event.right.data.device }), true);
    },
  });
  const isKnownRevoked = (caller: Caller): boolean => known.has(keyOf(caller));

  return {
    isKnownRevoked,
    async isRevoked(caller) {
      if (isKnownRevoked(caller)) return true;
      // Without the log nothing can be written; that history can be read then must not depend on it either.
      if (!isLineUp()) return false;
      try {
        const { state } = await accounts.recent(caller.user, MAX_AGE);
        if (!isRevoked(state, caller.device)) return false;
        known.set(keyOf(caller), true);
        return true;
      } catch (error) {
        if (!isLogAway(error)) throw error;
        return false;
      }
    },
    close: () => subscription.unsubscribe(),
  };
}
