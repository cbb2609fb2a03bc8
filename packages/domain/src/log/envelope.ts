import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { accepts } from '../codec.js';
import { type ConversationEvent, type EventType, eventCodecs, isEventType } from '../conversation/events.js';
import { upcast } from '../conversation/upcast.js';
import { Producer } from '../conversation/vocabulary.js';
import { Actor, CommandId, ConversationId, Instant, Seq } from '../ids.js';
import { shape } from '../shape.js';
import { boundedInteger, decodeWith } from '../text.js';
import { decodeVersioned } from './versioned.js';

/**
 * What one JetStream message holds: an event and its place. `seq` is dense per conversation from 1 and is the
 * conversation's revision. `at` is the server's time in ms. `commandId` is the cause. `id` is the position itself
 * (`<conversationId>:<seq>`), so that the same log always has the same ids. `importedTo` is on events that were taken over from another
 * log: seq of the last of them. Until that is there, nothing else may be appended.
 */
const Place = shape(
  {
    id: t.string,
    type: t.string,
    version: boundedInteger('version', 1, 1_000),
    conversationId: ConversationId,
    seq: Seq,
    at: Instant,
    actor: Actor,
    commandId: CommandId,
    data: t.unknown,
  },
  { producer: Producer, importedTo: Seq },
);

export type Envelope = {
  readonly id: string;
  readonly version: number;
  readonly conversationId: string;
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly commandId: string;
  readonly producer?: Producer;
  readonly importedTo?: number;
} & ConversationEvent;

/**
 * Decodes an event of any version to its newest form, or says in one sentence why it cannot be read. Fields nobody knows
 * are dropped; an unknown type or a version from the future is an error, never skipped.
 */
export function decodeEnvelope(input: unknown): E.Either<string, Envelope> {
  const decoded = decodeWith(Place, input);
  return E.isLeft(decoded)
    ? decoded
    : (decodeVersioned(eventCodecs, upcast, decoded.right) as E.Either<string, Envelope>);
}

/**
 * Whether an event is in its newest form already: `decodeEnvelope` would give it as it is, but for fields nobody knows. Several
 * times as fast, for who hands it on.
 */
export function isNewest(input: unknown): input is Envelope {
  if (!isPlaced(input)) return false;
  const { type, version, data } = input as t.TypeOf<typeof Place>;
  if (!isEventType(type)) return false;
  const newest = eventCodecs[type];
  return version === newest.version && dataFits[type](data);
}

const isPlaced = accepts(Place);

const dataFits = Object.fromEntries(
  Object.entries(eventCodecs).map(([type, { data }]) => [type, accepts(data)]),
) as Readonly<Record<EventType, (data: unknown) => boolean>>;

/** Puts a decided event at its place. */
export function envelop(
  event: ConversationEvent,
  place: Omit<Envelope, 'id' | 'version' | 'type' | 'data'>,
): Envelope {
  return {
    id: `${place.conversationId}:${place.seq}`,
    type: event.type,
    version: eventCodecs[event.type as EventType].version,
    ...place,
    data: event.data,
  } as Envelope;
}
