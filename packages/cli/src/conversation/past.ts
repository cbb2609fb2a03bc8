import { isOver } from '@parley/domain/conversation/access';
import type { History } from '@parley/domain/history/history';
import { type MemberThen, membersThen } from '@parley/domain/history/members-then';
import { type PageThen, pageThen } from '@parley/domain/history/page-then';
import { type HistoricMessage, isThere } from '@parley/domain/history/timeline';
import { watermarksThen } from '@parley/domain/history/watermarks-then';
import { closedTitle } from '@parley/domain/sealing/closed';
import { type Opened, type ShownTitle, shown, shownTitle } from '@parley/domain/sealing/opened';
import type { MessageView } from '@parley/domain/wire/views';
import { type Fate, fateSince } from '@parley/infra/log/fate-since';
import type { PastRead } from '@parley/infra/log/read-history';
import { placeOf } from '@parley/infra/log/subjects';
import { KEPT_MOVES } from '@parley/infra/log/topology';
import { openEach } from '@parley/infra/vault/open-each';
import type { Vault } from '@parley/infra/vault/vault';
import type { LogAccess } from '../terminal/log-access.js';
import { readMoves } from './read-moves.js';

export type Read = Extract<PastRead, { tag: 'read' }>;

/**
 * Why a message is not shown: it was gone then, it is by now, an event that may have ended it cannot be read, or nobody asked for bodies to
 * be opened.
 */
export type Unshown = 'deleted' | 'gone since' | 'in doubt' | 'sealed';

export type MessageThen = {
  readonly message: HistoricMessage;
  /** What it says, or why that is not shown. */
  readonly said: Pick<MessageView, 'body' | 'sealed'> | Unshown;
};

/** A conversation at a moment, as it is printed. */
export type Past = {
  readonly read: Read;
  readonly title: ShownTitle | undefined;
  /** Owners first. */
  readonly members: readonly MemberThen[];
  readonly messages: readonly MessageThen[];
  readonly hasMoreMessages: boolean;
  /** When the conversation was erased since, in ms. */
  readonly erasedAt: number | undefined;
};

export type Page = { readonly limit: number; readonly before?: number; readonly after?: number };

export type PastQuestion = {
  readonly page: Page;
  readonly now: number;
  /** For how long receipts are told after a message is gone, in ms. */
  readonly proofOfDelivery: number;
  /** Given where bodies are to be opened. */
  readonly vault: Vault | undefined;
};

/** What is printed of a history: with people's receipts, and with what became of its messages since, of which nothing is told. */
export async function pastOf(log: LogAccess, read: Read, question: PastQuestion): Promise<Past> {
  const { history, at, streamSeq } = read;
  const { page, now, proofOfDelivery, vault } = question;
  const shownThen = pageThen(history, { ...page, now: at });
  const place = placeOf(history.conversationId, log.partitions);
  const [fate, moves] = await Promise.all([
    fateSince(log.jsm, place, streamSeq, shownThen.messages),
    readMoves(log, history.conversationId),
  ]);
  const isAnyGone = fate.isAnyGone || [...history.timeline].some((message) => !isThere(message));
  const users = [...history.members.keys()].sort();
  const members = membersThen(history, at, users, (user) => {
    const own = moves.get(user) ?? [];
    return watermarksThen(own, at, {
      oldest: own.length >= KEPT_MOVES,
      any: isAnyGone && at < now - proofOfDelivery,
      all: fate.erased.has(user) || fate.erasedAt !== undefined,
    });
  });
  return {
    read,
    title: await titleOf(history, fate, vault),
    members: members.toSorted((one, other) => RANK[one.role] - RANK[other.role]),
    messages: await messagesOf(history.conversationId, shownThen, {
      fate: read.unreadable.length > 0 ? { ...fate, isInDoubt: true } : fate,
      now,
      vault,
    }),
    hasMoreMessages: shownThen.hasMore,
    erasedAt: fate.erasedAt,
  };
}

const RANK = { owner: 0, admin: 1, member: 2 } as const;

async function titleOf(
  { conversationId, title }: History,
  { erasedAt }: Fate,
  vault: Vault | undefined,
): Promise<ShownTitle | undefined> {
  if (title === null || vault === undefined || erasedAt !== undefined) return undefined;
  const [opened] = await openEach(vault, [closedTitle(conversationId, title)]);
  return opened && shownTitle(opened);
}

async function messagesOf(
  conversationId: string,
  { messages }: PageThen,
  { fate, now, vault }: { readonly fate: Fate; readonly now: number; readonly vault: Vault | undefined },
): Promise<readonly MessageThen[]> {
  const unshown = messages.map((message): Unshown | undefined => {
    if (message.deletedAt !== null) return 'deleted';
    const isGone = fate.gone.has(message.seq) || isOver(message.expiresAt, now) || message.body === null;
    if (isGone) return 'gone since';
    if (vault === undefined) return 'sealed';
    return fate.isInDoubt ? 'in doubt' : undefined;
  });
  const opened: readonly (Opened | undefined)[] =
    vault === undefined
      ? []
      : await openEach(
          vault,
          messages.map(({ seq, author, body }, index) =>
            unshown[index] === undefined && body !== null
              ? { place: { conversationId, seq, author }, opaque: body }
              : undefined,
          ),
        );
  return messages.map((message, index) => {
    const own = opened[index];
    return { message, said: unshown[index] ?? (own === undefined ? 'gone since' : shown(own)) };
  });
}
