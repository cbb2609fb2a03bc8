import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { refusedAccess } from '@parley/domain/conversation/access';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { QueryOf } from '@parley/domain/wire/queries';
import { type MessageInfo as Info, MAX_RECIPIENTS } from '@parley/domain/wire/receipts';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import * as E from 'fp-ts/lib/Either.js';
import { READ_RESOURCES } from '../injection.js';
import { type Recipients, readRecipients } from '../read/message-recipients.js';
import { standsStill } from '../read/standstill.js';
import type { NewestPageResources } from './newest-page.js';
import { untilSeen } from './until-seen.js';

/**
 * Who received and read a message, and when; for members of its conversation. Told for a while after the message expired or was deleted,
 * as the proof that it was delivered, and then no more.
 */
export class MessageInfo extends Query<E.Either<Refusal, Info>> {
  constructor(
    readonly reader: string,
    readonly params: QueryOf<'message.info'>,
  ) {
    super();
  }
}

@QueryHandler(MessageInfo)
export class MessageInfoHandler implements IQueryHandler<MessageInfo> {
  constructor(@Inject(READ_RESOURCES) private readonly resources: NewestPageResources) {}

  async execute({ reader, params }: MessageInfo): Promise<E.Either<Refusal, Info>> {
    const { conversationId, seq } = params;
    const { state } = await this.resources.store.fresh(conversationId);
    const refused = refusedAccess(state, reader, this.resources.now());
    if (refused !== undefined) return E.left(refused);
    if (seq > state.revision) return E.left(refuse('MessageNotFound'));
    try {
      const seen = await untilSeen(
        () => this.read(params),
        ({ revision }) => revision >= seq,
        () => this.standsStill(conversationId),
      );
      if (E.isLeft(seen)) return seen;
      const found = seen.right;
      const { proofOfDelivery, now } = this.resources;
      const isTold = found.isMessage && (found.endedAt ?? Number.POSITIVE_INFINITY) + proofOfDelivery > now();
      return isTold ? E.right(infoOf(params, found)) : E.left(refuse('MessageNotFound'));
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      return E.left(refuse('Unavailable', 'who read what cannot be read now'));
    }
  }

  private async standsStill(conversationId: string): Promise<boolean> {
    const { database, served, store } = this.resources;
    const place = store.placeOf(conversationId);
    return served.read(({ schema }) => standsStill(database, schema, conversationId, place));
  }

  private async read({ conversationId, seq, after = '', limit = MAX_RECIPIENTS }: QueryOf<'message.info'>) {
    const { database, served } = this.resources;
    return served.read(({ schema }) =>
      readRecipients(database, { schema, conversationId, seq, after, limit }),
    );
  }
}

function infoOf({ conversationId, seq }: QueryOf<'message.info'>, found: Recipients): Info {
  const { isMessage: _, endedAt: __, revision: ___, ...rest } = found;
  return { conversationId, seq, ...rest };
}
