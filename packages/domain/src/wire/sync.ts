import * as t from 'io-ts';
import { shape } from '../shape.js';
import { boundedInteger, patternedText } from '../text.js';
import { MAX_PAGE } from './pages.js';
import { ConversationView } from './views.js';

/** How far an account was synchronised: made by the server, opaque to clients. */
export const SyncToken = patternedText('token', /^[A-Za-z0-9._~-]{1,5000}$/, 'a token of session.sync');

/**
 * Which conversations of mine changed since `since`; all of them without it. Pages are newest activity first and go on
 * with `after`, the `nextCursor` of the page before, and the same `since`.
 */
export const SyncQuery = shape(
  {},
  { since: SyncToken, after: SyncToken, limit: boundedInteger('limit', 1, MAX_PAGE) },
);

/**
 * `left` are conversations I am no member of any more. `token` is what to ask with next time, once the last page is
 * there. A `full` answer has all there is, because the server cannot tell what changed (no token, one too old, or of another read model):
 * what is not in these pages is not mine. `behind` is how many events and receipts were in the log already that these pages have
 * not seen, where they did not come in time, or 1 where that cannot be told: ask once more soon.
 */
export const SyncPage = shape(
  {
    conversations: t.readonlyArray(ConversationView),
    left: t.readonlyArray(t.string),
    token: t.string,
    full: t.boolean,
    hasMore: t.boolean,
  },
  { nextCursor: t.string, behind: t.number },
);
export type SyncPage = t.TypeOf<typeof SyncPage>;
