import type { Core } from '../core.js';
import { createStore } from '../store.js';
import type { Details } from './conversation-list.js';

export function openDetails(_core: Core, _conversationId: string): Details {
  return { ...createStore(() => undefined), loadMoreMembers: async () => undefined, close: () => undefined };
}
