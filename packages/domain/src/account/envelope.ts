import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { CommandId, DeviceId, Instant, Seq, UserId } from '../ids.js';
import { decodeVersioned } from '../log/versioned.js';
import { shape } from '../shape.js';
import { boundedInteger, decodeWith } from '../text.js';
import { type AccountEvent, type AccountEventType, accountEventCodecs } from './events.js';

/**
 * What one message of the users' log holds: an event and its place. `seq` is dense per user from 1. `by` is the device that
 * caused it, `at` the server's time in ms, `id` the position itself (`<user>:<seq>`).
 */
const Place = shape({
  id: t.string,
  type: t.string,
  version: boundedInteger('version', 1, 1_000),
  user: UserId,
  seq: Seq,
  at: Instant,
  by: DeviceId,
  commandId: CommandId,
  data: t.unknown,
});

export type AccountEnvelope = {
  readonly id: string;
  readonly version: number;
  readonly user: string;
  readonly seq: number;
  readonly at: number;
  readonly by: string;
  readonly commandId: string;
} & AccountEvent;

/** Decodes an event of any version to its newest form, or says in one sentence why it cannot be read. */
export function decodeAccountEvent(input: unknown): E.Either<string, AccountEnvelope> {
  const decoded = decodeWith(Place, input);
  return E.isLeft(decoded)
    ? decoded
    : (decodeVersioned(accountEventCodecs, upcast, decoded.right) as E.Either<string, AccountEnvelope>);
}

/** There is one version of each event yet. */
const upcast = (_type: AccountEventType, _version: number, data: unknown): unknown => data;

/** Puts a decided event at its place. */
export function envelopAccount(
  { type, data }: AccountEvent,
  place: Omit<AccountEnvelope, 'id' | 'version' | 'type' | 'data'>,
): AccountEnvelope {
  const version = accountEventCodecs[type].version;
  return { id: `${place.user}:${place.seq}`, type, version, ...place, data } as AccountEnvelope;
}
