import type { Core } from '../core.js';
import type { Typists } from '../presence/typists.js';
import { createStore } from '../store.js';
import type { ConversationList, ConversationListSnapshot } from './conversation-list.js';

const EMPTY: ConversationListSnapshot = {
  conversations: [],
  hasMore: false,
  isLoading: true,
  problem: undefined,
  unread: 0,
};

export function createConversationList(_core: Core, _typists: Typists): ConversationList {
  return { ...createStore(() => EMPTY), loadMore: async () => undefined, find: () => undefined };
}
