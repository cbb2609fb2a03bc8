import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { refusedAccess } from '@parley/domain/conversation/access';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { type Conversation, roleOf } from '@parley/domain/conversation/state';
import type { QueryOf } from '@parley/domain/wire/queries';
import type { ConversationDetail } from '@parley/domain/wire/views';
import * as E from 'fp-ts/lib/Either.js';
import type { ConversationStore } from '../conversations/store.js';
import { CONVERSATION_STORE } from '../injection.js';

/** Members on a page of `conversation.get` unless it says otherwise. */
const DEFAULT_MEMBERS = 200;

/** A conversation as it is in the log now; needs NATS alone. */
export class ConversationGet extends Query<E.Either<Refusal, ConversationDetail>> {
  constructor(
    readonly reader: string,
    readonly params: QueryOf<'conversation.get'>,
    /** Whether the reader may see the positions of importers. */
    readonly showProducers: boolean,
  ) {
    super();
  }
}

@QueryHandler(ConversationGet)
export class ConversationGetHandler implements IQueryHandler<ConversationGet> {
  constructor(@Inject(CONVERSATION_STORE) private readonly store: ConversationStore) {}

  async execute({
    reader,
    params,
    showProducers,
  }: ConversationGet): Promise<E.Either<Refusal, ConversationDetail>> {
    const { state } = await this.store.fresh(params.conversationId);
    const refused = refusedAccess(state, reader);
    if (refused !== undefined || state.tag === 'absent') return E.left(refused as Refusal);
    const detail = detailOf(state, reader, params);
    return E.right(showProducers ? { ...detail, producers: Object.fromEntries(state.producers) } : detail);
  }
}

function detailOf(
  state: Exclude<Conversation, { tag: 'absent' }>,
  reader: string,
  { conversationId, membersAfter = '', membersLimit = DEFAULT_MEMBERS }: QueryOf<'conversation.get'>,
): ConversationDetail {
  const rest = [...state.members]
    .filter(([user]) => user > membersAfter)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    conversationId,
    kind: state.kind,
    role: roleOf(state, reader) ?? 'member',
    ttl: state.ttl,
    closed: state.tag === 'closed',
    memberCount: state.members.size,
    revision: state.revision,
    members: rest.slice(0, membersLimit).map(([user, { role, since }]) => ({ user, role, since })),
    hasMoreMembers: rest.length > membersLimit,
    ...(state.title === undefined ? {} : { title: state.title }),
  };
}
