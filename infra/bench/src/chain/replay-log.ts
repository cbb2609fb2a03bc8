import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';

const AUTHORS = ['ann', 'ben', 'cat', 'dan'];
const NOON = 1_700_000_000_000;

/**
 * A log of many conversations at once, their events in turn: each is created, somebody enters, of 50 events one edits, and
 * the others are messages of 256 B.
 */
export function* replayLog(events: number, conversations: number): Generator<Envelope> {
  for (let n = 0; n < events; n++) yield eventOf(n % conversations, Math.floor(n / conversations), NOON + n);
}

function eventOf(conversation: number, index: number, at: number): Envelope {
  const conversationId = `replay-${conversation}`;
  const actor = AUTHORS[(conversation + index) % 3] as string;
  const place = { conversationId, seq: index + 1, at, actor, commandId: `c-${index}` };
  if (index === 0) {
    const members = AUTHORS.slice(0, 3).map((user) => ({
      user,
      role: 'owner' as const,
      banHash: `h-${user}`,
    }));
    return envelop({ type: 'conversation.created', data: { kind: 'group', ttl: null, members } }, place);
  }
  if (index === ENTERS) {
    const members = [{ user: 'dan', role: 'member' as const, banHash: 'h-dan' }];
    return envelop({ type: 'member.added', data: { members } }, place);
  }
  const body = closeBody({ kind: 'text', text: `${index} ${'x'.repeat(252)}` });
  if (index % 50 === EDITS) return envelop({ type: 'message.edited', data: { seq: index - 5, body } }, place);
  return envelop({ type: 'message.sent', data: { ordinal: ordinalOf(index), body } }, place);
}

/** Places in a conversation at which something else happens than a message. */
const ENTERS = 3;
const EDITS = 17;

const ordinalOf = (index: number): number =>
  index - (index > ENTERS ? 1 : 0) - (index < EDITS ? 0 : 1 + Math.floor((index - EDITS) / 50));
