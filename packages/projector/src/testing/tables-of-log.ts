import { foldHistory } from '@parley/domain/history/fold-history';
import { emptyHistory, type History } from '@parley/domain/history/history';
import type { Envelope } from '@parley/domain/log/envelope';
import { rowsOfHistory, type Tables } from '../verify/rows-of-history.js';

/** The rows of a log of several conversations, as a reader of the specification would keep them: one event after the other. */
export function tablesOfLog(events: readonly Envelope[]): Tables {
  const histories = new Map<string, History>();
  for (const event of events) {
    const { conversationId } = event;
    const history = histories.get(conversationId) ?? emptyHistory(conversationId);
    histories.set(conversationId, foldHistory(history, event));
  }
  const all = [...histories]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, history]) => rowsOfHistory(history));
  return {
    conversation: all.flatMap(({ conversation }) => conversation),
    member: all.flatMap(({ member }) => member),
    ban: all.flatMap(({ ban }) => ban),
    message: all.flatMap(({ message }) => message),
    reaction: all.flatMap(({ reaction }) => reaction),
    pin: all.flatMap(({ pin }) => pin),
    call: all.flatMap(({ call }) => call),
    call_stay: all.flatMap(({ call_stay }) => call_stay),
  };
}
