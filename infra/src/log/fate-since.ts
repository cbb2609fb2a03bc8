import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { covers } from '@parley/domain/conversation/covers';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import * as E from 'fp-ts/lib/Either.js';
import { parseJson } from '../runtime/parse-json.js';
import { conversationPages } from './conversation-pages.js';
import type { Place } from './subjects.js';

/** What became of messages of a conversation after a place in its log. */
export type Fate = {
  /** Those that are deleted, expired or erased by now. */
  readonly gone: ReadonlySet<number>;
  /** Whether any message was, of these or others: receipts of it may be forgotten. */
  readonly isAnyGone: boolean;
  /** People who were erased, and their receipts with them. */
  readonly erased: ReadonlySet<string>;
  /** Whether an event that may tell of an end cannot be read: then nobody knows what is gone. */
  readonly isInDoubt: boolean;
  /** When the conversation itself was, in ms. */
  readonly erasedAt?: number;
};

/** Some message, as far as its fate is concerned. */
type Mortal = { readonly seq: number; readonly author: string };

/**
 * Reads what came after a stream sequence, to the end: what is not about the fate of messages is passed over unread.
 *
 * @throws when the broker does not answer.
 */
export async function fateSince(
  jsm: JetStreamManager,
  place: Place,
  streamSeq: number,
  messages: readonly Mortal[],
): Promise<Fate> {
  const gone = new Set<number>();
  const erased = new Set<string>();
  let isAnyGone = false;
  let isInDoubt = false;
  let erasedAt: number | undefined;
  for await (const page of conversationPages(jsm, place, streamSeq + 1)) {
    for (const message of page) {
      if (!tellsOfAnEnd(message)) continue;
      const event = decode(message);
      if (event === undefined) {
        isInDoubt = true;
        continue;
      }
      const ends = endedBy(event);
      if (ends === undefined) continue;
      isAnyGone = true;
      if (event.type === 'member.erased') erased.add(event.data.user);
      if (event.type === 'conversation.erased') erasedAt = event.at;
      for (const each of messages) if (ends(each)) gone.add(each.seq);
    }
  }
  return { gone, isAnyGone, erased, isInDoubt, ...(erasedAt === undefined ? {} : { erasedAt }) };
}

/** Which messages an event takes away; undefined for one that takes none. */
function endedBy(event: Envelope): ((message: Mortal) => boolean) | undefined {
  switch (event.type) {
    case 'message.deleted':
    case 'message.erased':
      return ({ seq }) => seq === event.data.seq;
    case 'message.expired':
      return ({ seq }) => covers(event.data.ranges, seq);
    case 'member.erased':
      return ({ author }) => author === event.data.user;
    case 'conversation.erased':
      return () => true;
    default:
      return undefined;
  }
}

const WORDS = ['.deleted"', '.expired"', '.erased"'];

function tellsOfAnEnd({ data }: StoredMsg): boolean {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return WORDS.some((word) => bytes.includes(word));
}

function decode({ data }: StoredMsg): Envelope | undefined {
  const decoded = decodeEnvelope(parseJson(data));
  return E.isRight(decoded) ? decoded.right : undefined;
}
