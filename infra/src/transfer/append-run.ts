import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { append } from '../log/append.js';
import { readConversation } from '../log/conversation-reader.js';
import type { LogText } from '../log/log-text.js';
import type { PublishWindow } from '../log/publish-window.js';
import type { Place } from '../log/subjects.js';
import { TransferRefused } from './refused.js';

/** An event to be stored, and the id by which the broker knows it again. */
export type Appending = { readonly text: LogText; readonly messageId: string };

export type RunResources = { readonly jsm: JetStreamManager; readonly window: PublishWindow };

/** Events on their way at once, at most. */
const MOST_AT_ONCE = 128;

/** Most events that go one by one in a busy stream before several are tried again. */
const MOST_PATIENCE = 64;

/** How often in a row nothing may be stored before it counts as broken off, and the pause before it is tried again, in ms. */
const MOST_FAILURES = 6;
const PAUSE_MS = 1_000;

/**
 * Appends events of one conversation in their order, many at once where the stream is quiet: each expects the one before it at the place that it gets
 * when nothing of another conversation comes between, and the stream to end there. So none is stored but behind the one before it, and where
 * something does come between, it and all behind it are refused; then it goes on one by one, expecting nothing of the stream. A lost
 * answer is found in the log.
 */
export type AppendRun = {
  /**
   * Their stream sequences.
   *
   * @throws TransferRefused `there` where somebody else appends here, `broken` where the broker is away or stores nothing
   */
  append(events: readonly Appending[]): Promise<readonly number[]>;
};

/** @param last stream sequence of the conversation's newest event; 0 where there is none */
export function openAppendRun({ jsm, window }: RunResources, place: Place, last: number): AppendRun {
  let newest = last;
  let atOnce = 1;
  /** Events that are to go well one by one before several are tried again, and how many have. */
  let patience = 1;
  let quiet = 0;

  /** The places of those that were stored: the first ones. */
  async function attempt(events: readonly Appending[]) {
    const isRun = events.length > 1;
    const outcomes = await Promise.all(
      events.map(({ text, messageId }, index) => {
        const expected = newest + index;
        const inStream = isRun ? { expectedInStream: expected } : {};
        return append(window, { place, payload: text, expected, ...inStream, messageId });
      }),
    );
    const stored: number[] = [];
    for (const outcome of outcomes) {
      if (outcome.tag !== 'stored' && outcome.tag !== 'duplicate') return { stored, failure: outcome };
      stored.push(outcome.streamSeq);
    }
    return { stored, failure: undefined };
  }

  function wentWell(): void {
    quiet++;
    if (atOnce > 1 || quiet >= patience) atOnce = Math.min(MOST_AT_ONCE, 2 * atOnce);
    if (atOnce === MOST_AT_ONCE) patience = 1;
  }

  function wasRefused(): void {
    quiet = 0;
    atOnce = 1;
    patience = Math.min(MOST_PATIENCE, 2 * patience);
  }

  /** Those of the events that the log has already, because their answers were lost. */
  async function found(events: readonly Appending[]): Promise<readonly number[]> {
    const places: number[] = [];
    for await (const { streamSeq, json } of readConversation(jsm, place, newest + 1)) {
      if (JSON.stringify(json) !== events[places.length]?.text)
        throw new TransferRefused(
          'there',
          'something else is being appended to this conversation: nothing more was imported',
        );
      places.push(streamSeq);
    }
    return places;
  }

  return {
    async append(events) {
      const places: number[] = [];
      for (let failures = 0; places.length < events.length; ) {
        const some = events.slice(places.length, places.length + atOnce);
        const { stored, failure } = await attempt(some);
        places.push(...stored);
        newest = stored.at(-1) ?? newest;
        if (failure === undefined) {
          failures = 0;
          wentWell();
          continue;
        }
        wasRefused();
        // Something of another conversation came between.
        if (some.length > 1 && failure.tag === 'conflict') continue;
        if (failure.tag === 'refused') throw brokenOff(failure.reason);
        if (++failures > MOST_FAILURES) throw brokenOff('the broker does not answer');
        if (failure.tag === 'unknown') await sleep(PAUSE_MS);
        const there = await found(events.slice(places.length)).catch((error: unknown) => {
          if (error instanceof TransferRefused) throw error;
          return [];
        });
        places.push(...there);
        newest = there.at(-1) ?? newest;
      }
      return places;
    },
  };
}

const brokenOff = (reason: string): TransferRefused =>
  new TransferRefused('broken', `it broke off: ${reason}. Import the same file again: it goes on from there`);
