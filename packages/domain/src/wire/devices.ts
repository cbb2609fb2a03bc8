import * as t from 'io-ts';
import { Codec } from '../codec.js';
import * as E from '../either.js';
import { CommandId, ConversationId, DeviceId, UserId } from '../ids.js';
import { shape } from '../shape.js';
import { boundedInteger, boundedText, utf8Length } from '../text.js';

/**
 * Bytes of a device's public keys, written as JSON in UTF-8: opaque here, so any text. Counted as JSON, so that those of all
 * devices of a user surely fit into one message of the broker.
 */
export const MAX_KEYS = 16_384;

/** Devices one user may have that are not revoked. */
export const MAX_DEVICES = 32;

const KeysText = boundedText('keys', 1, MAX_KEYS);
export const Keys = new Codec<string>(
  'keys',
  KeysText.is,
  (input, context) => {
    const text = KeysText.validate(input, context);
    if (E.isLeft(text)) return text;
    const bytes = utf8Length(JSON.stringify(text.right)) - 2;
    return bytes <= MAX_KEYS
      ? text
      : t.failure(input, context, `has ${bytes} bytes as JSON, at most ${MAX_KEYS} are allowed`);
  },
  KeysText.schema,
);
export const DeviceName = boundedText('name', 1, 100);

/** Registers the device of my token, or replaces its keys and name. */
export const DeviceRegister = shape({ commandId: CommandId, keys: Keys }, { name: DeviceName });

/** Ends a device of mine for good, registered or not: its sockets are closed and its tokens refused. */
export const DeviceRevoke = shape({ commandId: CommandId, device: DeviceId });

export const DeviceList = shape({});

/**
 * A device of mine. Times are ms since 1970 UTC; one that never registered has no `registeredAt`, a revoked one no keys.
 * `isMine` marks the one that asks.
 */
export const DeviceView = shape(
  { device: t.string, isMine: t.boolean },
  { registeredAt: t.number, name: t.string, keys: t.string, revokedAt: t.number },
);
export const Devices = shape({ devices: t.readonlyArray(DeviceView) });
export type Devices = t.TypeOf<typeof Devices>;

/** Keys of the devices of a conversation's members, in order of their ids; `after` is the last of the page before. */
export const DeviceKeysQuery = shape(
  { conversationId: ConversationId },
  { after: UserId, limit: boundedInteger('limit', 1, 100) },
);
export const DeviceKeys = shape(
  {
    members: t.readonlyArray(
      shape({
        user: t.string,
        devices: t.readonlyArray(shape({ device: t.string, keys: t.string })),
      }),
    ),
    hasMore: t.boolean,
  },
  { nextAfter: t.string },
);
export type DeviceKeys = t.TypeOf<typeof DeviceKeys>;

/** Erases a person: me, or another with the scope `erase`. */
export const AccountErase = shape({ commandId: CommandId }, { user: UserId });
export const AccountErased = shape({ user: t.string, at: t.number }, { repeated: t.literal(true) });

/** The answer to a command about devices: `at` in ms since 1970 UTC. */
export const DeviceAnswer = shape({ device: t.string, at: t.number }, { repeated: t.literal(true) });
