import * as E from '@parley/domain/either';
import { shape } from '@parley/domain/shape';
import { decodeWith } from '@parley/domain/text';
import { ConversationView } from '@parley/domain/wire/views';
import * as t from 'io-ts';

/** The list as it is kept: what it showed, and what to ask the server with for what has changed since. */
const Saved = shape(
  { token: t.string, views: t.readonlyArray(ConversationView) },
  { edge: shape({ lastActivityAt: t.number, conversationId: t.string }) },
);
export type SavedList = t.TypeOf<typeof Saved>;

/** Undefined for what another version has stored. */
export function readSavedList(value: unknown): SavedList | undefined {
  const decoded = decodeWith(Saved, value);
  return E.isRight(decoded) ? decoded.right : undefined;
}
