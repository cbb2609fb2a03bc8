import { refuse } from '@parley/domain/conversation/refusals';
import type { NodeReply, NodeRequest } from '@parley/infra/voice/protocol';
import { type Ticket, verifyTicket } from '@parley/infra/voice/ticket';
import * as E from 'fp-ts/lib/Either.js';
import type { Rooms } from '../room/rooms.js';
import type { Holds } from './holds.js';
import { refused } from './requests.js';

export type ParticipantResources = {
  readonly self: string;
  /** Key of tickets. */
  readonly key: Uint8Array;
  readonly holds: Holds;
  readonly rooms: Rooms;
};

/** Answers what is asked on behalf of a participant: its ticket is verified, its placement compared, then its room asked. */
export async function answerParticipant(
  { self, key, holds, rooms }: ParticipantResources,
  { method, params, user, device }: NodeRequest,
): Promise<NodeReply> {
  const token = params.ticket;
  if (typeof token !== 'string') return refused(refuse('TicketInvalid'));
  const verified = await verifyTicket(key, token, self, Date.now());
  if (E.isLeft(verified)) return refused(refuse('TicketInvalid', verified.left));
  const ticket = verified.right;
  if (!isFor(ticket, { user, device, params })) return refused(refuse('TicketInvalid'));

  const { conversationId, call, fence, core } = ticket;
  const shown = { tag: 'shown', call, fence, ...(core === undefined ? {} : { core }) } as const;
  const { hold, verdict } = holds.step(conversationId, shown);
  if (verdict === 'over') return refused(refuse('CallNotFound'));
  if (verdict === 'stale') return refused(refuse('PlacementStale'), 'fence' in hold ? hold.fence : undefined);
  const answer = await rooms.request(ticket, method, params);
  return E.isLeft(answer) ? refused(answer.left) : { result: answer.right };
}

const isFor = (
  ticket: Ticket,
  { user, device, params }: Pick<NodeRequest, 'user' | 'device' | 'params'>,
): boolean =>
  ticket.user === user &&
  ticket.device === device &&
  ticket.conversationId === params.conversationId &&
  ticket.call === params.call;
