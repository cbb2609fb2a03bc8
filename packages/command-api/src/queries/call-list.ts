import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { refusedAccess } from '@parley/domain/conversation/access';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { CallPage } from '@parley/domain/wire/calls';
import type { QueryOf } from '@parley/domain/wire/queries';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import * as E from 'fp-ts/lib/Either.js';
import { READ_RESOURCES } from '../injection.js';
import { readCalls } from '../read/calls.js';
import { fitting } from './fitting.js';
import type { NewestPageResources } from './newest-page.js';

/**
 * Calls of a conversation, newest first, as far as the rows have come; for its members. `Unavailable` while Postgres is away, and while a build of the read model is
 * served that knows no calls: none of them would be a lie.
 */
export class CallList extends Query<E.Either<Refusal, CallPage>> {
  constructor(
    readonly reader: string,
    readonly params: QueryOf<'call.list'>,
  ) {
    super();
  }
}

@QueryHandler(CallList)
export class CallListHandler implements IQueryHandler<CallList> {
  constructor(@Inject(READ_RESOURCES) private readonly resources: NewestPageResources) {}

  async execute({ reader, params }: CallList): Promise<E.Either<Refusal, CallPage>> {
    const { store, now, database, served } = this.resources;
    const { state } = await store.fresh(params.conversationId);
    const refused = refusedAccess(state, reader, now());
    if (refused !== undefined) return E.left(refused);
    try {
      const page = await served.read(async ({ schema, model }) =>
        model < 3
          ? undefined
          : readCalls(database, { ...params, schema, reader, limit: params.limit ?? DEFAULT }),
      );
      return page === undefined ? E.left(refuse('Unavailable', KNOWS_NO_CALLS)) : E.right(inOneMessage(page));
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      return E.left(refuse('Unavailable', 'calls of the past cannot be read now'));
    }
  }
}

const DEFAULT = 50;

/** Why nothing is told of the calls that rows have. */
export const KNOWS_NO_CALLS = 'the read model that is served knows no calls yet; it is to be rebuilt';

/** Calls of many people make a page shorter than was asked for. */
function inOneMessage({ calls, hasMore, revision }: CallPage): CallPage {
  const count = fitting(calls, (call) => JSON.stringify(call).length);
  return { calls: calls.slice(0, count), hasMore: hasMore || count < calls.length, revision };
}
