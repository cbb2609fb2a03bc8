import { evolve } from '@parley/domain/conversation/evolve';
import { type Conversation, initial } from '@parley/domain/conversation/state';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { placeOf } from '@parley/infra/log/subjects';
import {
  type FoldedStore,
  type FoldedStoreOptions,
  type Known as KnownState,
  openFoldedStore,
} from '../log/folded-store.js';

export type Known = KnownState<Conversation>;
export type ConversationStore = FoldedStore<Conversation, Envelope>;

export type StoreOptions = FoldedStoreOptions<Conversation> & {
  readonly partitions: number;
  /** Told of each event that becomes part of a state: see Folding. */
  readonly onFolded?: (conversationId: string, event: Envelope) => void;
};

/** Conversations, folded from their events. */
export function openConversationStore({ partitions, onFolded, ...options }: StoreOptions): ConversationStore {
  const folding = {
    placeOf: (conversationId: string) => placeOf(conversationId, partitions),
    initial: initial as Conversation,
    decode: decodeEnvelope,
    evolve,
    snapshotEvery: 500,
    ...(onFolded === undefined ? {} : { onFolded }),
  };
  return openFoldedStore(folding, options);
}
