import { isOver } from '../conversation/access.js';
import type { History } from './history.js';
import type { HistoricMessage } from './timeline.js';

export type PageThen = {
  /** Oldest first. */
  readonly messages: readonly HistoricMessage[];
  /** Whether there are more in the direction that was asked for. */
  readonly hasMore: boolean;
};

/**
 * A page of the timeline as readers saw it then: the newest messages, those before a seq, or those after one. Deleted ones are on it as
 * such; expired ones, and those whose life was over, are not, tombstone or not.
 *
 * @param now the time of that moment, in ms
 */
export function pageThen(
  { timeline }: History,
  {
    limit,
    now,
    before,
    after,
  }: { readonly limit: number; readonly now: number; readonly before?: number; readonly after?: number },
): PageThen {
  const run =
    after === undefined ? timeline.before(before ?? Number.POSITIVE_INFINITY) : timeline.after(after);
  const found: HistoricMessage[] = [];
  for (const message of run) {
    if (message.expired || isOver(message.expiresAt, now)) continue;
    if (found.length === limit) return { messages: inOrder(found, after), hasMore: true };
    found.push(message);
  }
  return { messages: inOrder(found, after), hasMore: false };
}

const inOrder = (found: readonly HistoricMessage[], after: number | undefined): readonly HistoricMessage[] =>
  after === undefined ? found.toReversed() : found;
