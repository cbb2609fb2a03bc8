import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { refusedAccess } from '@parley/domain/conversation/access';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { roleOf, type Standing, stands } from '@parley/domain/conversation/state';
import type { QueryOf } from '@parley/domain/wire/queries';
import type { ConversationDetail } from '@parley/domain/wire/views';
import * as E from 'fp-ts/lib/Either.js';
import type { ConversationStore } from '../conversations/store.js';
import { CONVERSATION_STORE, READ_RESOURCES } from '../injection.js';
import { readShown } from '../read/shown.js';
import { readWatermarks } from '../read/watermarks.js';
import { ifSoon } from './if-soon.js';
import type { NewestPageResources } from './newest-page.js';

/** Members on a page of `conversation.get` unless it says otherwise. */
const DEFAULT_MEMBERS = 200;

/** A conversation as it is in the log now. Needs NATS alone; where Postgres does not answer it comes without watermarks and pins. */
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
  constructor(
    @Inject(CONVERSATION_STORE) private readonly store: ConversationStore,
    @Inject(READ_RESOURCES) private readonly resources: NewestPageResources,
  ) {}

  async execute({
    reader,
    params,
    showProducers,
  }: ConversationGet): Promise<E.Either<Refusal, ConversationDetail>> {
    const { state } = await this.store.fresh(params.conversationId);
    const refused = refusedAccess(state, reader, this.resources.now());
    if (refused !== undefined || !stands(state)) return E.left(refused as Refusal);
    const detail = await this.withRows(detailOf(state, reader, params), state.pins);
    return E.right(showProducers ? { ...detail, producers: Object.fromEntries(state.producers) } : detail);
  }

  /** With what only the rows can tell, where they can be asked: watermarks, and which pinned messages are still shown. */
  private async withRows(detail: ConversationDetail, pins: readonly number[]): Promise<ConversationDetail> {
    const { conversationId, members } = detail;
    if (members.length === 0 && pins.length === 0) return { ...detail, pins };
    const users = members.map(({ user }) => user);
    const known = await ifSoon(this.rows(conversationId, users, pins), ROWS_WITHIN);
    if (known === undefined) return detail;
    const { watermarks, shown, behind } = known;
    return {
      ...detail,
      members: members.map((member) => ({ ...member, ...watermarks.get(member.user) })),
      pins: shown,
      ...(behind ? { behind } : {}),
    };
  }

  private async rows(conversationId: string, users: readonly string[], pins: readonly number[]) {
    const { database, now, caughtUp } = this.resources;
    // A receipt that was told live a moment ago, to who was away then, would be in no answer otherwise.
    const behind = await caughtUp();
    const schema = await this.resources.schema();
    const [watermarks, shown] = await Promise.all([
      users.length === 0
        ? new Map<string, never>()
        : readWatermarks(database, { schema, conversationId, users }),
      pins.length === 0 ? [] : readShown(database, { schema, conversationId, seqs: pins, now: now() }),
    ]);
    return { watermarks, shown, behind };
  }
}

/** Milliseconds that the rows may take before the answer goes without them. */
const ROWS_WITHIN = 1_000;

function detailOf(
  state: Standing,
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
    ...(state.expiresAt === null ? {} : { expiresAt: state.expiresAt }),
    ...(state.hold === undefined ? {} : { hold: state.hold }),
  };
}
