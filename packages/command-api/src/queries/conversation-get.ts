import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { isOver, refusedAccess } from '@parley/domain/conversation/access';
import type { Refusal } from '@parley/domain/conversation/refusals';
import { roleOf, type Standing, stands } from '@parley/domain/conversation/state';
import type { QueryOf } from '@parley/domain/wire/queries';
import type { ConversationDetail } from '@parley/domain/wire/views';
import * as E from 'fp-ts/lib/Either.js';
import type { ConversationStore } from '../conversations/store.js';
import { CONVERSATION_STORE, READ_RESOURCES } from '../injection.js';
import { openTitle } from '../read/open-views.js';
import { readWatermarks } from '../read/watermarks.js';
import { ifSoon } from './if-soon.js';
import type { NewestPageResources } from './newest-page.js';

/** Members on a page of `conversation.get` unless it says otherwise. */
export const DEFAULT_MEMBERS = 200;

/** A conversation as it is in the log now. Needs NATS alone; where Postgres does not answer it comes without watermarks. */
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
    const now = this.resources.now();
    const refused = refusedAccess(state, reader, now);
    if (refused !== undefined || !stands(state)) return E.left(refused as Refusal);
    const detail = await this.withWatermarks({
      ...detailOf(state, reader, params),
      pins: pinsShown(state, now),
      ...(await openTitle(this.resources.vault, params.conversationId, state.title)),
    });
    return E.right(showProducers ? { ...detail, producers: Object.fromEntries(state.producers) } : detail);
  }

  /** With what only the rows can tell, where they can be asked. */
  private async withWatermarks(detail: ConversationDetail): Promise<ConversationDetail> {
    const { conversationId, members } = detail;
    if (members.length === 0) return detail;
    const users = members.map(({ user }) => user);
    const known = await ifSoon(this.watermarks(conversationId, users), WATERMARKS_WITHIN);
    if (known === undefined) return { ...detail, behind: 1 };
    const { watermarks, behind } = known;
    return {
      ...detail,
      members: members.map((member) => ({ ...member, ...watermarks.get(member.user) })),
      ...(behind ? { behind } : {}),
    };
  }

  private async watermarks(conversationId: string, users: readonly string[]) {
    const { database, caughtUp, served } = this.resources;
    // A receipt that was told live a moment ago, to who was away then, would be in no answer otherwise.
    const behind = await caughtUp();
    const watermarks = await served.read(({ schema }) =>
      readWatermarks(database, { schema, conversationId, users }),
    );
    return { watermarks, behind };
  }
}

const pinsShown = ({ pins }: Standing, now: number): readonly number[] =>
  pins.filter(({ expiresAt }) => !isOver(expiresAt, now)).map(({ seq }) => seq);

/** Milliseconds that the watermarks may take before the answer goes without them. */
const WATERMARKS_WITHIN = 1_000;

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
