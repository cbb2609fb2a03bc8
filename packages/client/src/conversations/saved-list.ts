import { isOver } from '@parley/domain/conversation/access';
import * as E from '@parley/domain/either';
import { shape } from '@parley/domain/shape';
import { decodeWith } from '@parley/domain/text';
import { unreadOf } from '@parley/domain/wire/unread';
import { ConversationView } from '@parley/domain/wire/views';
import * as t from 'io-ts';
import type { Storage } from '../storage/storage.js';
import type { Ends } from '../time/ends.js';
import type { ServerTime } from '../time/server-time.js';
import { withoutPreview } from './known.js';

/** The list as it is kept: what it showed, and what to ask the server with for what has changed since. */
const Saved = shape(
  { token: t.string, views: t.readonlyArray(ConversationView) },
  { edge: shape({ lastActivityAt: t.number, conversationId: t.string }) },
);
export type SavedList = t.TypeOf<typeof Saved>;

/** Undefined for what another version has stored. */
function readSavedList(value: unknown): SavedList | undefined {
  const decoded = decodeWith(Saved, value);
  return E.isRight(decoded) ? decoded.right : undefined;
}

/** Where the list is kept between two lives of the page. What has ended is dropped there too, whether anybody looks at the list or not, until `ends` is closed. */
export type ListKeeper = {
  /** As it was saved, without what has ended since. */
  load(): Promise<SavedList | undefined>;
  save(list: SavedList): Promise<void>;
};

const NAME = 'list';

export function keepList(storage: Promise<Storage | undefined>, time: ServerTime, ends: Ends): ListKeeper {
  const end = ends.watch(() => void load());

  async function load(): Promise<SavedList | undefined> {
    const saved = readSavedList(await (await storage)?.get(NAME));
    if (saved === undefined) return undefined;
    const list = { ...saved, views: withoutEnded(saved.views, time.now()) };
    end.at(earliestEnd(list.views));
    if (list.views !== saved.views) await (await storage)?.set(NAME, list);
    return list;
  }

  return {
    load,
    async save(list) {
      const views = withoutEnded(list.views, time.now());
      end.at(earliestEnd(views));
      await (await storage)?.set(NAME, { ...list, views });
    },
  };
}

/** Without conversations and previews whose time is over by `now`; the same where there are none. */
export function withoutEnded(views: readonly ConversationView[], now: number): readonly ConversationView[] {
  if (earliestEnd(views) > now) return views;
  return views
    .filter(({ expiresAt }) => !isOver(expiresAt, now))
    .map((view) =>
      isOver(view.preview?.expiresAt, now) ? withoutPreview({ view, count: unreadOf(view) }).view : view,
    );
}

/** When the first of them, or of their previews, ends; Infinity where none does. */
export function earliestEnd(views: Iterable<ConversationView>): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { expiresAt, preview } of views)
    earliest = Math.min(earliest, expiresAt ?? earliest, preview?.expiresAt ?? earliest);
  return earliest;
}
