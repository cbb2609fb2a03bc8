import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Account } from '@parley/domain/account/state';
import { refusedAccess } from '@parley/domain/conversation/access';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { stands } from '@parley/domain/conversation/state';
import type { DeviceKeys as Answer } from '@parley/domain/wire/devices';
import type { QueryOf } from '@parley/domain/wire/queries';
import * as E from 'fp-ts/lib/Either.js';
import type { ConversationStore } from '../conversations/store.js';
import { ACCOUNTS, CONVERSATION_STORE } from '../injection.js';
import { fitting } from '../queries/fitting.js';
import type { Accounts } from './accounts.js';

/** Members on a page unless the query says otherwise. */
const DEFAULT_MEMBERS = 50;

/** Keys of the devices of a conversation's members, for members; from the log, needs NATS alone. */
export class DeviceKeys extends Query<E.Either<Refusal, Answer>> {
  constructor(
    readonly reader: string,
    readonly params: QueryOf<'device.keys'>,
    readonly at: number,
  ) {
    super();
  }
}

@QueryHandler(DeviceKeys)
export class DeviceKeysHandler implements IQueryHandler<DeviceKeys> {
  constructor(
    @Inject(CONVERSATION_STORE) private readonly store: ConversationStore,
    @Inject(ACCOUNTS) private readonly accounts: Accounts,
  ) {}

  async execute({ reader, params, at }: DeviceKeys): Promise<E.Either<Refusal, Answer>> {
    const { conversationId, after = '', limit = DEFAULT_MEMBERS } = params;
    const { state } = await this.store.fresh(conversationId);
    const refused = refusedAccess(state, reader, at);
    if (refused !== undefined || !stands(state)) return E.left(refused as Refusal);
    const rest = [...state.members.keys()].filter((user) => user > after).sort();
    const wanted = rest.slice(0, limit);
    const accounts = await Promise.all(this.accounts.freshEach(wanted));
    const found = accounts.map((known, index) => ({
      user: wanted[index] as string,
      devices: keysOf(known.state),
    }));
    const members = found.slice(
      0,
      fitting(found, (member) => JSON.stringify(member).length),
    );
    const last = members.at(-1);
    return last === undefined || members.length === rest.length
      ? E.right({ members, hasMore: false })
      : E.right({ members, hasMore: true, nextAfter: last.user });
  }
}

type Member = Answer['members'][number];

const keysOf = ({ devices }: Account): Member['devices'] =>
  [...devices].flatMap(([device, known]) => (known.tag === 'live' ? [{ device, keys: known.keys }] : []));
