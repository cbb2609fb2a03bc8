import type { Core } from '../core.js';
import { unavailable } from '../refusal-error.js';
import { createStore } from '../store.js';
import type { Timeline, TimelineOptions, TimelineSnapshot } from './timeline.js';

const EMPTY: TimelineSnapshot = {
  items: [],
  hasOlder: false,
  hasNewer: false,
  loading: 'first',
  problem: undefined,
  openedAtRead: 0,
  isMember: true,
  isClosed: false,
};

export function openTimeline(_core: Core, conversationId: string, _options: TimelineOptions = {}): Timeline {
  const store = createStore(() => EMPTY);
  const nothing = async (): Promise<void> => undefined;
  const later = async (): Promise<void> => {
    throw unavailable('not yet');
  };
  return {
    ...store,
    conversationId,
    loadOlder: nothing,
    loadNewer: nothing,
    jumpTo: nothing,
    send: () => crypto.randomUUID(),
    retry: () => undefined,
    discard: () => undefined,
    edit: later,
    remove: later,
    react: later,
    seen: () => undefined,
    typing: () => undefined,
    close: () => undefined,
  };
}
