import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { ErasureJob } from '@parley/infra/erasure/job';
import { queueErasure } from '@parley/infra/erasure/queue';
import { append } from '@parley/infra/log/append';
import { logText } from '@parley/infra/log/log-text';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import { ERASURES_REMEMBERED_MS } from '@parley/infra/log/topology';
import * as E from 'fp-ts/lib/Either.js';
import type { FoldedStore, Known } from './folded-store.js';

/** What one command does to the state of one id; `A` is its answer. */
export type Deciding<S, E, A> = {
  readonly id: string;
  /** Deduplicates at the broker: the same for a repetition, and for nothing else. */
  readonly messageId: string;
  readonly traceparent?: string;
  /** The answer it was given before, if it was. */
  readonly answeredBefore: (known: Known<S>) => Promise<E.Either<Refusal, A> | undefined>;
  /** The event it makes, at its place and as it is to be stored; undefined where it is so already. */
  readonly decide: (known: Known<S>) => Promise<E.Either<Refusal, E | undefined>>;
  /** What has to be erased because of an event, if anything: queued before the event is appended. */
  readonly erasureOf: (event: E) => ErasureJob | undefined;
  readonly unchanged: (known: Known<S>) => A;
  readonly done: (event: E) => A;
  /** The answer to a repetition that only the broker remembers, as this message of the stream. */
  readonly duplicateOf: (streamSeq: number) => Promise<E.Either<Refusal, A>>;
};

export type DecidingResources<S, E> = {
  readonly store: FoldedStore<S, E>;
  readonly window: PublishWindow;
  /** Told of every event of ours after the log has stored it. Must not throw. */
  readonly onAppended: (event: E) => void;
};

/** Conflicts and lost answers in a row before a command is given back as retryable. */
const MAX_ATTEMPTS = 8;

/**
 * Loads, decides, appends. Those that another instance is faster with show as conflicts, after which the new events are
 * read and it is decided again.
 *
 * An answer or a refusal is given only if it is true of the log: one that comes from cached state is decided once more on
 * fresh state. A lost answer of the broker never becomes a second event, because the log is read and the command's own
 * event looked for before anything is appended again. Broker failures reject; nothing is lost by asking again.
 *
 * What has to be erased because of an event is queued first, so that whoever is killed in between leaves nothing undone.
 */
export async function decideAndAppend<S, Event extends object, A>(
  { store, window, onAppended }: DecidingResources<S, Event>,
  { id, messageId, traceparent, ...command }: Deciding<S, Event, A>,
): Promise<E.Either<Refusal, A>> {
  let known = await store.known(id);
  let isFresh = false;

  for (let attempts = 0; attempts < MAX_ATTEMPTS; ) {
    const before = await command.answeredBefore(known);
    if (before !== undefined) return before;

    const startedAt = performance.now();
    const decision = await decideAndQueue(window, command, known);
    if (E.isLeft(decision) || decision.right === undefined) {
      if (isFresh) return E.isLeft(decision) ? decision : E.right(command.unchanged(known));
      known = await store.fresh(id);
      isFresh = true;
      continue;
    }

    attempts++;
    const event = decision.right;
    const appended = await append(window, {
      place: store.placeOf(id),
      payload: logText(event),
      expected: known.streamSeq,
      messageId,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    if (appended.tag === 'stored') {
      store.advance(id, known, event, appended.streamSeq);
      onAppended(event);
      queueAgain(window, command.erasureOf(event), performance.now() - startedAt);
      return E.right(command.done(event));
    }
    if (appended.tag === 'duplicate') return command.duplicateOf(appended.streamSeq);
    if (appended.tag === 'refused') return E.left(refuse('Unavailable', appended.reason));
    known = await store.fresh(id);
    isFresh = true;
  }
  return E.left(refuse('Unavailable', 'others were faster each time'));
}

async function decideAndQueue<S, Event>(
  window: PublishWindow,
  { decide, erasureOf }: Pick<Deciding<S, Event, unknown>, 'decide' | 'erasureOf'>,
  known: Known<S>,
): Promise<E.Either<Refusal, Event | undefined>> {
  const decision = await decide(known);
  if (E.isLeft(decision) || decision.right === undefined) return decision;
  const job = erasureOf(decision.right);
  if (job === undefined) return decision;
  const queued = await queueErasure(window, job);
  return E.isLeft(queued) ? queued : decision;
}

/**
 * Puts a job into the queue once more where its event was appended so long after it, in ms, that whoever looked for the event may have
 * given it up: this process was frozen in between.
 */
function queueAgain(window: PublishWindow, job: ErasureJob | undefined, after: number): void {
  if (job !== undefined && after > ERASURES_REMEMBERED_MS) void queueErasure(window, job);
}
