import { closeTitle } from './body.js';
import type { EventType } from './events.js';

/** Lifts the data of one version of an event to the next one. Total: it must not throw, whatever it is given. */
type Upcaster = (data: unknown) => unknown;

/**
 * By event, then by the version that is lifted. Steps are chained, so a new version needs one step alone.
 */
const upcasters: Partial<Record<EventType, Readonly<Record<number, Upcaster>>>> = {
  'conversation.created': {
    // Version 1 listed plain ids, the owner first, before roles and bans were part of an entry. Each gets a hash of
    // their own, because a ban removes everybody who has the hash.
    1: (data) => {
      const { members, ...rest } = record(data);
      if (!Array.isArray(members)) return data;
      return {
        ttl: null,
        ...rest,
        members: members.map((user, index) => ({
          user,
          role: index === 0 ? 'owner' : 'member',
          banHash: `unkeyed-${index}`,
        })),
      };
    },
    2: withClosedTitle,
  },
  'conversation.renamed': { 1: withClosedTitle },
};

/** Titles were plain before they were content like any other, and sealed. */
function withClosedTitle(data: unknown): unknown {
  const { title, ...rest } = record(data);
  return title === undefined
    ? rest
    : { ...rest, title: typeof title === 'string' ? closeTitle(title) : title };
}

/** Data of `type` in its current form. Versions without a step pass unchanged. */
export function upcast(type: EventType, version: number, data: unknown): unknown {
  const steps = upcasters[type];
  if (steps === undefined) return data;
  let lifted = data;
  for (let from = version; steps[from] !== undefined; from++) lifted = (steps[from] as Upcaster)(lifted);
  return lifted;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
