import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { listCursor, readListCursor } from '@parley/domain/wire/cursor';
import { DEFAULT_PAGE } from '@parley/domain/wire/pages';
import type { QueryOf } from '@parley/domain/wire/queries';
import type { ConversationPage } from '@parley/domain/wire/views';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import * as E from 'fp-ts/lib/Either.js';
import { READ_RESOURCES } from '../injection.js';
import { readConversations } from '../read/conversations.js';
import { openViews } from '../read/open-views.js';
import { fittingViews } from './fitting-views.js';
import type { NewestPageResources } from './newest-page.js';
import { viewsOfMembers } from './views-of-members.js';

/** The reader's conversations by latest activity. */
export class ConversationList extends Query<E.Either<Refusal, ConversationPage>> {
  constructor(
    readonly reader: string,
    readonly params: QueryOf<'conversation.list'>,
  ) {
    super();
  }
}

@QueryHandler(ConversationList)
export class ConversationListHandler implements IQueryHandler<ConversationList> {
  constructor(@Inject(READ_RESOURCES) private readonly resources: NewestPageResources) {}

  async execute({ reader, params }: ConversationList): Promise<E.Either<Refusal, ConversationPage>> {
    const { database, served, now, caughtUp, vault } = this.resources;
    const { limit = DEFAULT_PAGE } = params;
    const after = params.after === undefined ? E.right(undefined) : readListCursor(params.after);
    if (E.isLeft(after)) return after;
    try {
      // Whoever looks anew must see what was acknowledged before; on later pages it is at the top already.
      if (after.right === undefined) await caughtUp();
      const found = await served.read(({ schema }) =>
        readConversations(database, {
          schema,
          reader,
          limit,
          now: now(),
          ...(after.right === undefined ? {} : { after: after.right }),
        }),
      );
      const { conversations, hasMore } = fittingViews(found);
      const last = conversations.at(-1);
      return E.right({
        conversations: await openViews(
          vault,
          await viewsOfMembers(this.resources, conversations, reader),
          reader,
        ),
        hasMore,
        ...(hasMore && last !== undefined ? { nextCursor: listCursor(last) } : {}),
      });
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      return E.left(refuse('Unavailable', 'the list of conversations cannot be read now'));
    }
  }
}
