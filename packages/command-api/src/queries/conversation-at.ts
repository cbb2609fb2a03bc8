import { Inject } from '@nestjs/common';
import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { isOver, refusedAccess } from '@parley/domain/conversation/access';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { roleOf, type Standing, stands } from '@parley/domain/conversation/state';
import { membersThen } from '@parley/domain/history/members-then';
import { type Moment, readMoment } from '@parley/domain/history/moment';
import { pageThen } from '@parley/domain/history/page-then';
import { type HistoricMessage, reactionsTo } from '@parley/domain/history/timeline';
import { watermarksThen } from '@parley/domain/history/watermarks-then';
import { DEFAULT_PAGE } from '@parley/domain/wire/pages';
import type { QueryOf } from '@parley/domain/wire/queries';
import type { ConversationDetail, MessageView } from '@parley/domain/wire/views';
import { type PastRead, readHistory } from '@parley/infra/log/read-history';
import { placeOf } from '@parley/infra/log/subjects';
import { KEPT_MOVES } from '@parley/infra/log/topology';
import type { MessageRow } from '@parley/infra/read-model/message-row';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
import { openLimiter } from '@parley/infra/runtime/limiter';
import * as E from 'fp-ts/lib/Either.js';
import { READ_RESOURCES } from '../injection.js';
import { type KnownOfPast, readKnownOfPast } from '../read/known-of-past.js';
import { openMessages, openTitle } from '../read/open-views.js';
import { standsStill } from '../read/standstill.js';
import { DEFAULT_MEMBERS } from './conversation-get.js';
import { fitting } from './fitting.js';
import type { NewestPageResources } from './newest-page.js';

type Params = QueryOf<'conversation.get'> & { readonly at: string };
type Past = Extract<PastRead, { tag: 'read' }>;

/** Reading the past is work of a second or so: one at a time, so that commands go on, and this many wait. */
const AT_ONCE = 1;
const WAITING = 16;

/** Events that are folded for one answer at most: some 100 MB. */
const MOST_EVENTS = 250_000;

/**
 * A conversation as it was after an event or at a time, folded from the log; for whoever may read it now. What is gone by now, or past its
 * life, is told as gone: asking for the past brings nothing back.
 */
export class ConversationAt extends Query<E.Either<Refusal, ConversationDetail>> {
  constructor(
    readonly reader: string,
    readonly params: Params,
  ) {
    super();
  }
}

@QueryHandler(ConversationAt)
export class ConversationAtHandler implements IQueryHandler<ConversationAt> {
  private readonly limiter = openLimiter(AT_ONCE);

  constructor(@Inject(READ_RESOURCES) private readonly resources: NewestPageResources) {}

  async execute({ reader, params }: ConversationAt): Promise<E.Either<Refusal, ConversationDetail>> {
    const moment = readMoment(params.at);
    if (E.isLeft(moment)) return E.left(refuse('InvalidParams', moment.left));
    if (params.messagesBefore !== undefined && params.messagesAfter !== undefined)
      return E.left(refuse('InvalidParams', 'give one of messagesBefore and messagesAfter'));
    const before = await this.admitted(reader, params);
    if (E.isLeft(before)) return before;
    if (this.limiter.waiting >= WAITING)
      return E.left(refuse('TooManyRequests', 'others are reading the past'));
    const past = await this.limiter.run(() => this.read(params.conversationId, moment.right));
    if (past.tag !== 'read') return E.left(refusalOf(past));
    // Who was removed while the log was read is told nothing any more.
    const state = await this.admitted(reader, params);
    if (E.isLeft(state)) return state;
    try {
      return E.right(await this.detail(past, state.right, reader, params));
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      return E.left(refuse('Unavailable', 'what is gone by now cannot be asked'));
    }
  }

  private async admitted(reader: string, { conversationId }: Params): Promise<E.Either<Refusal, Standing>> {
    const { state } = await this.resources.store.fresh(conversationId);
    const refused = refusedAccess(state, reader, this.resources.now());
    return refused === undefined && stands(state) ? E.right(state) : E.left(refused as Refusal);
  }

  private read(conversationId: string, at: Moment): Promise<PastRead> {
    const { jsm, partitions, now } = this.resources;
    return readHistory(jsm, { conversationId, partitions, at, now: now(), most: MOST_EVENTS });
  }

  private async detail(
    past: Past,
    state: Standing,
    reader: string,
    params: Params,
  ): Promise<ConversationDetail> {
    const { history, at, head, unreadable } = past;
    const { conversationId, membersAfter = '', membersLimit = DEFAULT_MEMBERS, messagesLimit } = params;
    const { database, served, vault, partitions } = this.resources;
    const rest = [...history.members.keys()].filter((user) => user > membersAfter).sort();
    const users = rest.slice(0, membersLimit);
    const page = pageThen(history, {
      limit: messagesLimit ?? DEFAULT_PAGE,
      now: at,
      ...(params.messagesBefore === undefined ? {} : { before: params.messagesBefore }),
      ...(params.messagesAfter === undefined ? {} : { after: params.messagesAfter }),
    });
    const messages = inOneMessage(page.messages, params.messagesAfter !== undefined);
    const [known, isStill] = await served.read(({ schema }) =>
      Promise.all([
        readKnownOfPast(database, {
          schema,
          conversationId,
          seqs: messages.map(({ seq }) => seq),
          users,
          upTo: history.revision,
        }),
        standsStill(database, schema, conversationId, placeOf(conversationId, partitions)),
      ]),
    );
    // Where an event cannot be read, or waits, nobody knows what it ended.
    const isInDoubt = isStill || unreadable.length > 0;
    return {
      conversationId,
      kind: history.kind ?? state.kind,
      role: roleOf(state, reader) ?? 'member',
      ttl: history.ttl,
      closed: history.closed,
      memberCount: history.members.size,
      revision: history.revision,
      members: membersThen(history, at, users, (user) => this.watermarks(past, known, state, user)),
      hasMoreMembers: rest.length > membersLimit,
      pins: [...history.pins.keys()].filter((seq) => !isOver(history.timeline.get(seq)?.expiresAt, at)),
      ...(await openTitle(vault, conversationId, history.title ?? undefined)),
      ...(history.expiresAt === null ? {} : { expiresAt: history.expiresAt }),
      ...(history.hold === null ? {} : { hold: history.hold }),
      past: {
        seq: history.revision,
        at,
        head,
        messages: await this.views(conversationId, messages, known, reader, isInDoubt),
        hasMoreMessages: page.hasMore || messages.length < page.messages.length,
        incomplete: history.holes.unclaimed > 0 || unreadable.length > 0,
      },
    };
  }

  private watermarks({ at }: Past, { moves, isAnyGone }: KnownOfPast, state: Standing, user: string) {
    const own = moves.get(user) ?? [];
    const { now, proofOfDelivery } = this.resources;
    return watermarksThen(own, at, {
      oldest: own.length >= KEPT_MOVES,
      any: isAnyGone && at < now() - proofOfDelivery,
      // With an erased person their receipts go.
      all: !state.members.has(user),
    });
  }

  /** Of what is gone by now nothing is told but who wrote when; nor of what the rows do not know, which is to be asked again. */
  private async views(
    conversationId: string,
    messages: readonly HistoricMessage[],
    { there, gone }: KnownOfPast,
    reader: string,
    isInDoubt: boolean,
  ): Promise<readonly MessageView[]> {
    const now = this.resources.now();
    const isTold = ({ seq, expiresAt }: HistoricMessage) =>
      !isInDoubt && there.has(seq) && !isOver(expiresAt, now);
    const views = await openMessages(
      this.resources.vault,
      conversationId,
      messages.map((message) => rowThen(message, isTold(message))),
      reader,
    );
    return views.map((view, index) => {
      const message = messages[index] as HistoricMessage;
      if (message.deletedAt !== null || isTold(message)) return view;
      return { ...view, sealed: gone.has(message.seq) || isOver(message.expiresAt, now) ? 'gone' : 'locked' };
    });
  }
}

function rowThen(message: HistoricMessage, isTold: boolean): MessageRow {
  const { reactions: _, expired: __, ...row } = message;
  if (!isTold) return { ...row, body: null, editedAt: null, reactions: [] };
  return { ...row, reactions: reactionsTo(message) };
}

/** What fits into one answer: those are kept that the next page would not have. */
function inOneMessage(messages: readonly HistoricMessage[], isForwards: boolean): readonly HistoricMessage[] {
  const count = (wanted: readonly HistoricMessage[]) => fitting(wanted, ({ body }) => body?.length ?? 0);
  return isForwards
    ? messages.slice(0, count(messages))
    : messages.slice(messages.length - count(messages.toReversed()));
}

function refusalOf(past: Exclude<PastRead, Past>): Refusal {
  switch (past.tag) {
    case 'unknown':
      return refuse('ConversationNotFound');
    case 'before-it-began':
      return refuse(
        'BeforeItBegan',
        `${past.firstSeq === 1 ? 'it began' : `the log has it from event ${past.firstSeq} on,`} at ${new Date(past.beganAt).toISOString()}`,
      );
    case 'beyond-the-head':
      return refuse('NotYetHappened', `the newest is ${past.head}`);
    case 'too-long':
      return refuse('PastTooLong', `at most ${past.most} events`);
    default:
      return past satisfies never;
  }
}
