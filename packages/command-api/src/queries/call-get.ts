import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ongoingOf } from '@parley/domain/call/ongoing';
import { refusedAccess } from '@parley/domain/conversation/access';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { stands } from '@parley/domain/conversation/state';
import type { CallNow } from '@parley/domain/wire/calls';
import type { QueryOf } from '@parley/domain/wire/queries';
import * as E from 'fp-ts/lib/Either.js';
import { READ_RESOURCES } from '../injection.js';
import type { NewestPageResources } from './newest-page.js';

/** The call that goes on in a conversation, as the log has it now; for its members. Needs NATS alone. */
export class CallGet extends Query<E.Either<Refusal, CallNow>> {
  constructor(
    readonly reader: string,
    readonly params: QueryOf<'call.get'>,
  ) {
    super();
  }
}

@QueryHandler(CallGet)
export class CallGetHandler implements IQueryHandler<CallGet> {
  constructor(@Inject(READ_RESOURCES) private readonly resources: NewestPageResources) {}

  async execute({ reader, params }: CallGet): Promise<E.Either<Refusal, CallNow>> {
    const { state } = await this.resources.store.fresh(params.conversationId);
    const refused = refusedAccess(state, reader, this.resources.now());
    if (refused !== undefined) return E.left(refused);
    const { revision } = state;
    const call = stands(state) ? state.call : undefined;
    return E.right(call === undefined ? { revision } : { revision, call: ongoingOf(call) });
  }
}
