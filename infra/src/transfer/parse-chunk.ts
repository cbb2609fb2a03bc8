import type { LoggedEvent } from '@parley/domain/log/digest';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import { type Closed, closedIn } from '@parley/domain/sealing/closed';
import { readSealedText } from '@parley/domain/sealing/sealed-text';
import { decodeWith } from '@parley/domain/text';
import * as E from 'fp-ts/lib/Either.js';
import { openByOwnKey } from '../vault/seal-body.js';
import { keysPlace, openKeys } from './chunk-keys.js';
import { contentOf } from './content.js';
import { BadFile, Header, Move } from './format.js';
import type { Chunk } from './read-chunks.js';

/** An event of a file. `opened` is the JSON of its body or title, where the file has a key for it and it is at hand. */
export type FiledEvent = {
  readonly json: LoggedEvent;
  readonly event: Envelope;
  readonly content: Closed | undefined;
  readonly opened: string | undefined;
};

export type Parsed = {
  readonly header?: Header;
  readonly events: readonly FiledEvent[];
  readonly moves: readonly Move[];
};

/** What is known from before: the header, how many chunks and events there were, and the key of the passphrase. */
export type Position = {
  readonly header?: Header;
  readonly chunk: number;
  readonly seq: number;
  readonly key?: Buffer;
};

/**
 * What the lines of a chunk say. Signed as they are, they are looked at as if by a stranger: who signs can be wrong.
 *
 * @throws BadFile at the line that is not as it should be
 */
export function parseChunk({ firstLine, lines }: Chunk, from: Position): Parsed {
  let { header, seq } = from;
  const events: Omit<FiledEvent, 'opened'>[] = [];
  const moves: Move[] = [];
  let keys: { readonly line: number; readonly sealed: string } | undefined;
  for (const [index, text] of lines.entries()) {
    const line = firstLine + index;
    const record = JSON.parse(text) as {
      header?: unknown;
      event?: LoggedEvent;
      move?: unknown;
      keys?: string;
    };
    if (record.header !== undefined && header === undefined) header = headerOf(record.header, line);
    else if (header === undefined)
      throw new BadFile(line, 'changed', 'the file does not begin with its header');
    else if (record.event !== undefined) {
      const event = eventOf(record.event, header, ++seq, line);
      events.push({ json: record.event, event, content: contentOf(event) });
    } else if (record.move !== undefined) moves.push(moveOf(record.move, header, line));
    else if (typeof record.keys === 'string' && keys === undefined) keys = { line, sealed: record.keys };
    else throw new BadFile(line, 'changed', 'there is a line too many of its kind');
  }
  const opened =
    header === undefined || from.key === undefined ? [] : openAll(events, keys, header, from, firstLine);
  return {
    ...(header === undefined ? {} : { header }),
    events: events.map((event, index) => ({ ...event, opened: opened[index] })),
    moves,
  };
}

function headerOf(input: unknown, line: number): Header {
  const decoded = decodeWith(Header, input);
  if (E.isLeft(decoded)) throw new BadFile(line, 'changed', `the header is no header: ${decoded.left}`);
  return decoded.right;
}

function eventOf(json: LoggedEvent, { conversationId }: Header, seq: number, line: number): Envelope {
  const decoded = decodeEnvelope(json);
  if (E.isLeft(decoded))
    throw new BadFile(
      line,
      'unknown',
      `event ${seq} cannot be read: ${decoded.left}; a newer release may know it`,
    );
  const event = decoded.right;
  if (event.conversationId !== conversationId || event.seq !== seq)
    throw new BadFile(
      line,
      'changed',
      `here belongs event ${seq} of ${conversationId}, and it is ${event.id}`,
    );
  const closed = closedIn(event);
  if (closed !== undefined && readSealedText(closed.opaque) === undefined)
    throw new BadFile(line, 'changed', `event ${seq} has a body or title that is not sealed`);
  return event;
}

function moveOf(input: unknown, { conversationId }: Header, line: number): Move {
  const decoded = decodeWith(Move, input);
  if (E.isLeft(decoded)) throw new BadFile(line, 'unknown', `a watermark cannot be read: ${decoded.left}`);
  if (decoded.right.conversationId !== conversationId)
    throw new BadFile(line, 'changed', `a watermark is of ${decoded.right.conversationId}`);
  return input as Move;
}

/** Every body that is not hollow opens by the next of the keys. */
function openAll(
  events: readonly Omit<FiledEvent, 'opened'>[],
  keys: { readonly line: number; readonly sealed: string } | undefined,
  { conversationId }: Header,
  { key, chunk }: Position,
  firstLine: number,
): readonly (string | undefined)[] {
  const count = events.filter(({ content }) => content !== undefined).length;
  if (key === undefined || count === 0) return [];
  const place = keysPlace(conversationId, chunk);
  const opening = keys && openKeys(key, place, keys.sealed, count)?.values();
  if (opening === undefined)
    throw new BadFile(keys?.line ?? firstLine, 'changed', 'the keys of the events before it do not fit them');
  return events.map(({ content, event }) => {
    if (content === undefined) return undefined;
    const payload = readSealedText(content.opaque)?.payload ?? '';
    const json = openByOwnKey(opening.next().value as Buffer, content.place, payload);
    if (json === undefined)
      throw new BadFile(
        keys?.line ?? firstLine,
        'changed',
        `what event ${event.seq} says does not open by its key`,
      );
    return json;
  });
}
