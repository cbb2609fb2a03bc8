import type { JetStreamManager } from '@nats-io/jetstream';
import { isOver } from '@parley/domain/conversation/access';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { type Conversation, stands } from '@parley/domain/conversation/state';
import { SYSTEM } from '@parley/domain/ids';
import { decodeEnvelope, type Envelope, envelop } from '@parley/domain/log/envelope';
import { seqOf } from '@parley/domain/log/seq-of';
import { closedIn } from '@parley/domain/sealing/closed';
import { liveEvent } from '@parley/domain/wire/live';
import { isPastItsLife, withoutContent } from '@parley/domain/wire/past-its-life';
import { readConversation, streamSeqUpTo } from '@parley/infra/log/conversation-reader';
import { MAX_MESSAGE } from '@parley/infra/rpc/tick-batch';
import { openEach } from '@parley/infra/vault/open-each';
import type { Vault } from '@parley/infra/vault/vault';
import * as E from 'fp-ts/lib/Either.js';
import { LRUCache } from 'lru-cache';
import { charactersOf, type RecentEvents } from '../conversations/recent-events.js';
import type { ConversationStore, Known } from '../conversations/store.js';
import { headOf } from '../log/folded-store.js';
import { withinOneMessage } from '../queries/fitting.js';
import { goneAmong, messageOf } from './gone.js';
import { settled } from './settled.js';

export type ReplayQuestion = {
  readonly conversationId: string;
  /** Seq of the newest event the asker has. */
  readonly after: number;
  /** Most events wanted, 1 to 1,000. */
  readonly limit: number;
  /** Seq up to which the asker wants to come: the log has it. */
  readonly until: number;
};

/**
 * A page of events: JSON texts of what clients get. All up to `last` are among them, except those that cannot be read. `later`
 * where the answer had no room left for it.
 */
export type Replayed =
  | { readonly events: readonly string[]; readonly last: number; readonly head: number }
  | { readonly refused: Refusal }
  | { readonly later: true };

export type Replay = (questions: readonly ReplayQuestion[]) => Promise<readonly Replayed[]>;

export type ReplayResources = {
  readonly jsm: JetStreamManager;
  readonly store: ConversationStore;
  readonly recent: RecentEvents;
  readonly vault: Pick<Vault, 'open'>;
  /** Time in ms. */
  readonly now: () => number;
};

/** A page as the log has it, and the messages it tells of that are gone. */
type Found = {
  readonly events: readonly Envelope[];
  readonly last: number;
  readonly head: number;
  readonly gone: ReadonlySet<number>;
};

/** Pages whose ends are remembered, so that the next begins there without a search. */
const MAX_PAGE_ENDS = 10_000;

/**
 * Answers what happened after a seq, as clients get it, from the log alone. Gateways ask, for people they know to be members:
 * the membership that counts is the one where their delivery has come, which no answer from here could tell.
 *
 * What is told of a message that is gone, or whose life is over, goes without its content; of a conversation that has ended nothing goes.
 */
export function openReplay({ jsm, store, recent, vault, now }: ReplayResources): Replay {
  const pageEnds = new LRUCache<string, number>({ max: MAX_PAGE_ENDS });

  return async (questions) => {
    // Each may have its share of what one message of the broker holds; the asker comes again for the rest.
    const room = Math.max(1, Math.floor(MAX_MESSAGE / questions.length));
    const knowns = knownFarEnough(questions);
    const found = await settled<Found | { readonly refused: Refusal }>(
      questions.map(async (question, index) =>
        pageOf(question, await (knowns[index] as Known | Promise<Known>), room),
      ),
    );
    return withinOneMessage(await opened(found), (page) =>
      'events' in page ? page.events.reduce((sum, { length }) => sum + length, 0) : 0,
    );
  };

  /** Nothing that was opened is kept: who asks after a secret was destroyed gets nothing of it. */
  async function opened(
    pages: readonly (Found | Exclude<Replayed, { readonly events: unknown }>)[],
  ): Promise<readonly Replayed[]> {
    const at = now();
    const isHidden = (event: Envelope, { gone }: Found): boolean => {
      const seq = messageOf(event);
      return isPastItsLife(event, at) || (seq !== undefined && gone.has(seq));
    };
    const closed = pages.flatMap((page) =>
      'events' in page
        ? page.events.map((event) => (isHidden(event, page) ? undefined : closedIn(event)))
        : [],
    );
    const bodies = (await openEach(vault, closed)).values();
    const textOf = (event: Envelope, page: Found): string => {
      const live = liveEvent(event, bodies.next().value);
      return JSON.stringify(isHidden(event, page) ? withoutContent(live) : live);
    };
    return pages.map((page) => {
      if (!('events' in page)) return page;
      const { events, last, head } = page;
      return { events: events.map((event) => textOf(event, page)), last, head };
    });
  }

  /** Only where less is known here than the asker knows of the log, the log is asked. */
  function knownFarEnough(questions: readonly ReplayQuestion[]): readonly (Known | Promise<Known>)[] {
    const far = questions.map(({ conversationId, until }) => {
      const known = store.peek(conversationId);
      return known !== undefined && known.state.revision >= until ? known : undefined;
    });
    const behind = questions.filter((_, index) => far[index] === undefined);
    const fresh = store.freshEach(behind.map(({ conversationId }) => conversationId)).values();
    return far.map((known) => known ?? (fresh.next().value as Promise<Known>));
  }

  async function pageOf(
    question: ReplayQuestion,
    known: Known,
    room: number,
  ): Promise<Found | { readonly refused: Refusal }> {
    const { conversationId, after, limit } = question;
    const { state } = known;
    const head = state.revision;
    const page = openPage(after, Math.min(limit, 1_000), room);
    if (after >= head) return page.close(state);
    if (!stands(state) || isOver(state.expiresAt, now())) return { refused: refuse('ConversationNotFound') };
    const newest = recent.after(conversationId, after);
    if (newest !== undefined && newest.length >= Math.min(head - after, limit)) {
      for (const event of newest) if (event.seq > head || !page.add(event)) break;
      return page.close(state);
    }
    const from = await streamSeqAfter(conversationId, after, known);
    let seq: number | undefined;
    let end: number | undefined;
    for await (const { streamSeq, json } of readConversation(jsm, store.placeOf(conversationId), from)) {
      const envelope = decodeEnvelope(json);
      // One that cannot be read has its seq all the same.
      seq = E.isRight(envelope) ? envelope.right.seq : (seqOf(json) ?? (seq ?? after) + 1);
      if (seq > head) break;
      if (seq <= after) continue;
      if (E.isRight(envelope) && !fillUpTo(page, envelope.right)) break;
      if (!(E.isRight(envelope) ? page.add(envelope.right) : page.skip(seq))) break;
      end = streamSeq;
      if (seq === head) break;
    }
    if (end !== undefined && page.last < head) pageEnds.set(`${conversationId}/${page.last}`, end);
    return page.close(state);
  }

  async function streamSeqAfter(conversationId: string, after: number, known: Known): Promise<number> {
    if (after === 0) return 1;
    const remembered = pageEnds.get(`${conversationId}/${after}`);
    if (remembered !== undefined) return remembered + 1;
    return (await streamSeqUpTo(jsm, store.placeOf(conversationId), after, headOf(known))) + 1;
  }
}

/**
 * Where the log has nothing between the page's end and an event, that was erased. Each such seq is told as just that, so that who
 * counts what they are sent misses nothing. False when there was no room.
 */
function fillUpTo(page: Page, { conversationId, seq, at }: Envelope): boolean {
  for (let missing = page.last + 1; missing < seq; missing++) {
    const place = { conversationId, seq: missing, at, actor: SYSTEM, commandId: `erased-${missing}` };
    if (!page.add(envelop({ type: 'message.erased', data: { seq: missing, remains: [] } }, place)))
      return false;
  }
  return true;
}

type Page = ReturnType<typeof openPage>;

const NONE: ReadonlySet<number> = new Set();

/** A page that takes events until it is full, but at least one. */
function openPage(after: number, limit: number, room: number) {
  const events: Envelope[] = [];
  let last = after;
  let characters = 0;
  const fits = (): boolean => events.length < limit && (events.length === 0 || characters <= room);
  return {
    get last() {
      return last;
    },
    /** False when there was no room for it. */
    add(event: Envelope): boolean {
      characters += charactersOf(event);
      if (!fits()) return false;
      events.push(event);
      last = event.seq;
      return true;
    },
    skip(seq: number): true {
      last = seq;
      return true;
    },
    close: (state: Conversation): Found => ({
      events,
      last,
      head: state.revision,
      gone: events.length === 0 ? NONE : goneAmong(state, events),
    }),
  };
}
