import { type EventType, eventCodecs } from '@parley/domain/conversation/events';
import type { Envelope } from '@parley/domain/log/envelope';

/** Which events are wanted; what is not said is not asked for. */
export type Selection = {
  readonly conversations?: readonly string[];
  readonly partitions?: readonly number[];
  readonly types?: readonly EventType[];
  readonly actors?: readonly string[];
  /** Of the events' own time, in ms; `until` is not part of the range. */
  readonly since?: number;
  readonly until?: number;
  /** Of the seq within a conversation, both part of the range. */
  readonly fromSeq?: number;
  readonly toSeq?: number;
};

/** Whether an event is wanted, by what it says itself. Conversations and partitions are chosen by where it is read. */
export function selects(selection: Selection): (event: Envelope) => boolean {
  const types = selection.types && new Set<string>(selection.types);
  const actors = selection.actors && new Set(selection.actors);
  const { since = 0, until = Number.POSITIVE_INFINITY } = selection;
  const { fromSeq = 1, toSeq = Number.POSITIVE_INFINITY } = selection;
  return ({ type, actor, at, seq }) =>
    (types === undefined || types.has(type)) &&
    (actors === undefined || actors.has(actor)) &&
    at >= since &&
    at < until &&
    seq >= fromSeq &&
    seq <= toSeq;
}

/** The types that a name or a pattern such as `message.*` means: none where there is no such type. */
export function typesLike(pattern: string): readonly EventType[] {
  const form = new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`);
  return eventTypes.filter((type) => form.test(type));
}

export const eventTypes = Object.keys(eventCodecs) as readonly EventType[];
