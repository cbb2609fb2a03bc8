import type { LogText } from './log-text.js';
import type { PublishOutcome, PublishWindow } from './publish-window.js';
import type { Place } from './subjects.js';
import { WRONG_SEQUENCE } from './wrong-sequence.js';

/**
 * What became of an append. `conflict`: the subject's last sequence is not the expected one; on servers from 2.12 a retry
 * after a lost answer looks the same, so the caller reads the log and looks whether the event is its own. `duplicate`: the
 * broker stored a publish with this id before, as that message. `unknown`: no answer; read and look too.
 */
export type Appended =
  | { readonly tag: 'stored'; readonly streamSeq: number }
  | { readonly tag: 'conflict' }
  | { readonly tag: 'duplicate'; readonly streamSeq: number }
  | { readonly tag: 'unknown'; readonly reason: string }
  | { readonly tag: 'refused'; readonly reason: string };

export type Append = {
  readonly place: Place;
  readonly payload: LogText;
  /** Stream sequence of the newest event of this subject; 0 when there is none. */
  readonly expected: number;
  /** Sequence of the newest message of the whole stream, where that is expected too: then it is known where the event will be. */
  readonly expectedInStream?: number;
  /** Deduplicates retries within the broker's window. */
  readonly messageId: string;
  /** W3C trace context, if the command had one. */
  readonly traceparent?: string;
};

/** Appends one event, if nothing came after the one expected. Never rejects. */
export async function append(
  window: PublishWindow,
  { place, payload, expected, expectedInStream, messageId, traceparent }: Append,
): Promise<Appended> {
  const trace = traceparent === undefined ? '' : `traceparent: ${traceparent}\r\n`;
  const inStream =
    expectedInStream === undefined ? '' : `Nats-Expected-Last-Sequence: ${expectedInStream}\r\n`;
  const headers =
    `NATS/1.0\r\nNats-Msg-Id: ${messageId}\r\nNats-Expected-Stream: ${place.stream}\r\n` +
    `Nats-Expected-Last-Subject-Sequence: ${expected}\r\n${inStream}${trace}\r\n`;
  return readOutcome(await window.publish(place.subject, payload, headers));
}

function readOutcome(outcome: PublishOutcome): Appended {
  switch (outcome.tag) {
    case 'stored':
      return { tag: outcome.duplicate ? 'duplicate' : 'stored', streamSeq: outcome.streamSeq };
    case 'refused':
      return CONFLICTS.has(outcome.code)
        ? { tag: 'conflict' }
        : { tag: 'refused', reason: `${outcome.description} (${outcome.code})` };
    case 'unknown':
      return outcome;
    default:
      return outcome satisfies never;
  }
}

/** A subject that has moved on, and a duplicate still being written (10158). */
const CONFLICTS = new Set([...WRONG_SEQUENCE, 10158]);
