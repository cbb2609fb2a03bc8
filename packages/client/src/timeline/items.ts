import type { Body } from '@parley/domain/conversation/body';
import type { MessageView } from '@parley/domain/wire/views';
import { refusalOf } from '../outbox/command.js';
import { type Change, type Outgoing, type Send, withChanges } from './outgoing.js';
import type { Row } from './row.js';
import { progressOf, type Readers } from './ticks.js';
import type { Progress, TimelineItem } from './timeline.js';

export type Shown = {
  readonly rows: readonly Row[];
  readonly outgoing: Outgoing;
  readonly readers: Readers;
  /** Whether the rows end at the newest message, so that what is on its way belongs behind them. */
  readonly isAtEnd: boolean;
};

/** Makes the items to render; one that did not change is the same object as the last time. */
export type Items = (shown: Shown) => readonly TimelineItem[];

type Made = { readonly from: readonly unknown[]; readonly item: TimelineItem };

export function createItems(user: () => string, keyOf: (commandId: string) => string): Items {
  let made = new Map<string, Made>();
  let last: readonly TimelineItem[] = [];

  return ({ rows, outgoing, readers, isAtEnd }) => {
    const next = new Map<string, Made>();
    const take = (key: string, from: readonly unknown[], make: () => TimelineItem): TimelineItem => {
      const known = made.get(key);
      const entry = known !== undefined && isSame(known.from, from) ? known : { from, item: make() };
      next.set(key, entry);
      return entry.item;
    };
    const items = rows.map(({ key, view }) => {
      const changes = changesOf(view, outgoing.changes);
      const progress = view.author === user() ? progressOf(view.seq, readers) : 'sent';
      return take(key, [view, progress, ...changes], () =>
        itemOf(key, withChanges(view, changes), user(), progress),
      );
    });
    for (const send of isAtEnd ? outgoing.sends : []) {
      const key = keyOf(send.command.commandId);
      items.push(take(key, [send.command, send.seq], () => itemOfSend(key, send, user())));
    }
    made = next;
    if (!isSame(last, items)) last = items;
    return last;
  };
}

const isSame = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((value, index) => value === other[index]);

const NO_CHANGES: readonly Change[] = [];

const changesOf = ({ seq }: MessageView, changes: readonly Change[]): readonly Change[] =>
  changes.length === 0 ? NO_CHANGES : changes.filter(({ target }) => target === seq);

const itemOf = (key: string, view: MessageView, user: string, progress: Progress): TimelineItem => ({
  key,
  ...view,
  isMine: view.author === user,
  progress,
});

function itemOfSend(key: string, { command, seq, at, expiresAt }: Send, author: string): TimelineItem {
  const { body, replyTo } = command.params as { readonly body: Body; readonly replyTo?: number };
  const refusal = refusalOf(command);
  return {
    key,
    seq,
    ordinal: undefined,
    author,
    at: at ?? command.at,
    body,
    isMine: true,
    progress: refusal !== undefined ? 'failed' : seq === undefined ? 'pending' : 'sent',
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(refusal === undefined ? {} : { refusal }),
  };
}
