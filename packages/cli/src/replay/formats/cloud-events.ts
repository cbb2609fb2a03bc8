import type { Told, ToldEvent } from '../logged.js';

/** An event a line, as CloudEvents 1.0 in structured JSON. */
export const cloudEvents = (events: readonly Told[]): string =>
  events.map(({ event }) => `${JSON.stringify(cloudEvent(event))}\n`).join('');

/**
 * By hand: the `cloudevents` package makes one in ten times the time, and judges these in our tests. `source` and `id` together are
 * the event's identity, as the specification wants it: the id is the place in the conversation. `dataschema` names type and version,
 * so it changes when the data does. `sequence` orders the events of a conversation as text, as the extension of that name says;
 * `partitionkey` is the extension for brokers that want one.
 */
export function cloudEvent({
  id,
  type,
  version,
  conversationId,
  seq,
  at,
  actor,
  commandId,
  data,
}: ToldEvent) {
  return {
    specversion: '1.0',
    id,
    source: SOURCE,
    type: `parley.${type}`,
    subject: conversationId,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    dataschema: `urn:parley:event:${type}:${version}`,
    sequence: String(seq).padStart(SEQ_DIGITS, '0'),
    partitionkey: conversationId,
    actor,
    commandid: commandId,
    data,
  };
}

const SOURCE = '/parley/conversations';

/** Those of the greatest whole number that JSON holds. */
const SEQ_DIGITS = 16;
