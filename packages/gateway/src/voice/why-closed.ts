import type { OngoingCall } from '@parley/domain/wire/calls';
import type { WhyClosed } from '@parley/domain/wire/voice';
import type * as t from 'io-ts';
import type { HubEvent } from '../hub/hub-event.js';

/** Why a participant's place on a connection is gone. */
export type Why = t.TypeOf<typeof WhyClosed>;

/** Who is in a call, as far as events name them. */
export type Whose = {
  readonly call: number;
  readonly participant: number;
  readonly user: string;
  readonly device: string;
};

/**
 * Why somebody is no longer in the call after this event, or undefined: what `foldCall` makes of it, for one participant. The log's event is the truth,
 * so nobody need be asked.
 *
 * @param banned whom here a ban means: the event names them by a hash.
 */
export function whyClosed(
  { call, participant, user, device }: Whose,
  { seq, live, change }: HubEvent,
  banned: readonly string[],
): Why | undefined {
  if (live === undefined) return undefined;
  const { type, actor, data } = live;
  switch (type) {
    case 'call.started':
      return seq > call ? 'ended' : undefined;
    case 'call.joined': {
      const isNewer = actor === user && data.device === device && seq > participant;
      return data.call === call && isNewer ? 'replaced' : undefined;
    }
    case 'call.left':
      return data.call === call && data.participant === participant ? (data.why as Why) : undefined;
    case 'call.ended':
      return data.call === call ? 'ended' : undefined;
    case 'member.left':
      return actor === user ? 'left' : undefined;
    case 'member.removed':
    case 'member.erased':
    case 'member.banned':
      return change?.left.includes(user) || banned.includes(user) ? 'removed' : undefined;
    case 'conversation.closed':
    case 'conversation.erased':
      return 'ended';
    default:
      return undefined;
  }
}

/** The same of what the log says now, where it is not known what happened: events were left out, or cannot be read. */
export function whyNotIn(
  { call, participant, user, device }: Whose,
  now: Pick<OngoingCall, 'call' | 'participants'> | undefined,
): Why | undefined {
  if (now?.call !== call) return 'ended';
  const mine = now.participants.find((other) => other.user === user && other.device === device);
  if (mine === undefined) return 'left';
  return mine.participant === participant ? undefined : 'replaced';
}

/** Whether an event can end somebody's part in a call, or begin it: of all others nothing here need know. */
export const concernsCalls = ({ live }: HubEvent): boolean => live === undefined || CONCERNED.has(live.type);

const CONCERNED: ReadonlySet<string> = new Set([
  'call.started',
  'call.joined',
  'call.left',
  'call.ended',
  'member.left',
  'member.removed',
  'member.erased',
  'member.banned',
  'conversation.closed',
  'conversation.erased',
]);
