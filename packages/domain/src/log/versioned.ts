import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import { decodeWith } from '../text.js';

/** Events by their name in the log: the current version of each, and the codec of its data. */
export type EventCodecs = Readonly<Record<string, { readonly version: number; readonly data: t.Mixed }>>;

export type Versioned = { readonly type: string; readonly version: number; readonly data: unknown };

/**
 * Brings an event of any version to its newest form, or says in one sentence why it cannot be read. An unknown type or a
 * version from the future is an error, never skipped. `upcast` lifts the data of a version to the newest, and must not throw.
 */
export function decodeVersioned<T extends string, V extends Versioned>(
  codecs: EventCodecs & Readonly<Record<T, unknown>>,
  upcast: (type: T, version: number, data: unknown) => unknown,
  event: V,
): E.Either<string, V> {
  const { type, version } = event;
  const current = Object.hasOwn(codecs, type) ? codecs[type] : undefined;
  if (current === undefined) return E.left(`type: nobody knows the event ${type}`);
  if (version > current.version) {
    return E.left(`version: ${type} has version ${version}, this process knows up to ${current.version}`);
  }
  const data = decodeWith(
    current.data as t.Type<unknown, unknown, unknown>,
    upcast(type as T, version, event.data),
  );
  return E.isLeft(data)
    ? E.left(`data of ${type}: ${data.left}`)
    : E.right({ ...event, version: current.version, data: data.right });
}
