import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { DEFAULT_PAGE } from '@parley/domain/wire/pages';
import type { QueryOf } from '@parley/domain/wire/queries';
import type { SyncPage } from '@parley/domain/wire/sync';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import * as E from 'fp-ts/lib/Either.js';
import { READ_RESOURCES } from '../injection.js';
import { type AccountChanges, MAX_LEFT, readAccountChanges } from '../read/account-changes.js';
import type { ClosedView } from '../read/conversation-views.js';
import { openViews } from '../read/open-views.js';
import { fittingViews } from './fitting-views.js';
import type { NewestPageResources } from './newest-page.js';
import {
  isAhead,
  placesIn,
  readSyncCursor,
  readSyncToken,
  type SyncPosition,
  syncCursor,
  syncToken,
  type Told,
} from './sync-token.js';
import { viewsOfMembers } from './views-of-members.js';

/** Which of the reader's conversations changed since a token. */
export class SessionSync extends Query<E.Either<Refusal, SyncPage>> {
  constructor(
    readonly reader: string,
    readonly params: QueryOf<'session.sync'>,
  ) {
    super();
  }
}

@QueryHandler(SessionSync)
export class SessionSyncHandler implements IQueryHandler<SessionSync> {
  constructor(@Inject(READ_RESOURCES) private readonly resources: NewestPageResources) {}

  async execute({ reader, params }: SessionSync): Promise<E.Either<Refusal, SyncPage>> {
    const asked = readAsked(params);
    if (E.isLeft(asked)) return asked;
    try {
      return E.right(await this.page(reader, params.limit ?? DEFAULT_PAGE, asked.right));
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      return E.left(refuse('Unavailable', 'what changed cannot be read now'));
    }
  }

  private async page(reader: string, limit: number, { since, from }: Asked): Promise<SyncPage> {
    // What was sent just before a client came would else be in no page and in no live event either.
    const behind = from === undefined ? await this.resources.caughtUp() : undefined;
    return this.resources.served.read(({ schema }) =>
      this.pageOf(schema, reader, limit, { since, from }, behind),
    );
  }

  private async pageOf(
    schema: string,
    reader: string,
    limit: number,
    { since, from }: Asked,
    behind: number | undefined,
  ): Promise<SyncPage> {
    const first = { full: false, ...(behind ? { behind } : {}) };
    const read = (places: Told['places'] | undefined) =>
      readAccountChanges(this.resources.database, {
        schema,
        reader,
        limit,
        now: this.resources.now(),
        since: places,
        ...(from === undefined ? {} : { after: from.position }),
      });
    // A token is of the log, so the pages behind the first one go on by it whatever is served meanwhile. It names the build that made it, so
    // that whoever comes with it later gets everything of another one, whose rows may say otherwise of what was before.
    if (from !== undefined)
      return this.open(
        reader,
        pageOf(
          schema,
          await read(since && placesIn(schema, since)),
          { full: since === undefined },
          from.token,
        ),
      );
    if (since !== undefined && since.schema === schema) {
      const changes = await read(since.places);
      const canTell = !isAhead(since.places, changes.places) && changes.left.length <= MAX_LEFT;
      if (canTell) return this.open(reader, pageOf(schema, changes, first));
    }
    return this.open(reader, pageOf(schema, await read(undefined), { ...first, full: true }));
  }

  private async open(reader: string, page: ClosedPage): Promise<SyncPage> {
    const views = await viewsOfMembers(this.resources, page.conversations, reader);
    return { ...page, conversations: await openViews(this.resources.vault, views, reader) };
  }
}

/** `since` is undefined where everything is asked for; `from` where the first page is. */
type Asked = { readonly since: Told | undefined; readonly from: SyncPosition | undefined };

function readAsked({ since, after }: QueryOf<'session.sync'>): E.Either<Refusal, Asked> {
  const told = since === undefined ? E.right(undefined) : readSyncToken(since);
  if (E.isLeft(told)) return told;
  if (after === undefined) return E.right({ since: told.right, from: undefined });
  const from = readSyncCursor(after);
  if (E.isLeft(from)) return from;
  if (from.right.full) return E.right({ since: undefined, from: from.right });
  return told.right === undefined
    ? E.left(refuse('InvalidParams', 'after: goes with the since of the page before'))
    : E.right({ since: told.right, from: from.right });
}

type ClosedPage = Omit<SyncPage, 'conversations'> & { readonly conversations: readonly ClosedView[] };

function pageOf(
  schema: string,
  changes: AccountChanges,
  kind: Pick<SyncPage, 'full' | 'behind'>,
  tokenOfFirst?: string,
): ClosedPage {
  const token = tokenOfFirst ?? syncToken({ schema, places: changes.places });
  const { conversations, hasMore } = fittingViews(changes);
  const last = conversations.at(-1);
  return {
    conversations,
    // Told once, with the first page.
    left: tokenOfFirst === undefined ? changes.left : [],
    token,
    ...kind,
    hasMore,
    ...(hasMore && last !== undefined
      ? { nextCursor: syncCursor({ full: kind.full, position: last, token }) }
      : {}),
  };
}
