import type { CallEntry } from '@parley/client/timeline/timeline';
import { durationOf } from './elapsed-of.js';

/** What a call was, in a line between messages. */
export function wordsOfCall(
  { media, by, state, people, at, endedAt }: CallEntry,
  me: string,
): { readonly title: string; readonly more: string } {
  const kind = media === 'video' ? 'video call' : 'call';
  const who = by === me ? 'You' : by;
  if (state === 'ongoing')
    return { title: `${who} started a ${kind}`, more: people === 1 ? '1 person' : `${people} people` };
  const lasted = durationOf((endedAt ?? at) - at);
  if (state === 'missed')
    return { title: `Missed ${kind} from ${by}`, more: people > 1 ? `lasted ${lasted}` : '' };
  if (people <= 1) return { title: `${who} called`, more: 'nobody answered' };
  return {
    title: media === 'video' ? 'Video call' : 'Call',
    more: people > 2 ? `${people} people, ${lasted}` : lasted,
  };
}
