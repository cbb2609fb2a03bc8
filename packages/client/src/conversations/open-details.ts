import type { Core } from '../core.js';
import { createStore } from '../store.js';
import type { Details } from './conversation-list.js';
import type { Rosters } from './rosters.js';

/** A conversation's facts and members, asked for at once and kept right by events and receipts. */
export function openDetails(core: Core, rosters: Rosters, conversationId: string): Details {
  const { roster, close } = rosters.open(conversationId);
  const store = createStore<ReturnType<Details['snapshot']>>(() => {
    const { detail, watermarks } = roster.store.snapshot();
    return detail && { ...detail, watermarks };
  });
  const off = roster.store.onChange(store.changed);
  if (core.state().tag === 'open') void roster.refresh().catch(() => undefined);
  return {
    snapshot: store.snapshot,
    subscribe: store.subscribe,
    loadMoreMembers: () => roster.loadMoreMembers().catch(() => undefined),
    close() {
      off();
      close();
    },
  };
}
