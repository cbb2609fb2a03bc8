import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from '../gateway.js';
import { noteHead } from '../hub/admission.js';
import type { Hub } from '../hub/hub.js';
import type { Person } from '../people.js';

/** Conversations a refusal names at most. */
const MAX_NAMED = 100;

/**
 * Why a person cannot resume from these positions, if so: some are beyond the newest event of their conversation
 * (`PositionAhead`). Another gateway may have delivered what has not come here yet, so where delivery here is behind a position
 * the log is asked. Of conversations that are not the person's nothing is told.
 */
export async function refusedPositions(
  gateway: Gateway,
  person: Person,
  resume: ReadonlyMap<string, number>,
): Promise<Refusal | undefined> {
  const beyond = [...person.hubs].flatMap((hub) => {
    const position = resume.get(hub.conversationId) ?? 0;
    return position > (hub.published ?? 0) ? [{ hub, position }] : [];
  });
  const checked = await Promise.all(
    beyond.map(async ({ hub, position }) => ({ hub, reply: await isAhead(gateway, hub, person, position) })),
  );
  const unasked = checked.find(({ reply }) => E.isLeft(reply))?.reply;
  if (unasked !== undefined && E.isLeft(unasked)) return unasked.left;
  const ahead = checked.filter(({ reply }) => E.isRight(reply) && reply.right);
  if (ahead.length === 0) return undefined;
  const about = ahead.slice(0, MAX_NAMED).map(({ hub }) => hub.conversationId);
  return { ...refuse('PositionAhead', `${ahead.length} of them`), about };
}

async function isAhead(
  gateway: Gateway,
  hub: Hub,
  { user }: Person,
  position: number,
): Promise<E.Either<Refusal, boolean>> {
  const reply = await gateway.api.membership(hub.conversationId, [user]);
  if (E.isLeft(reply)) return reply;
  noteHead(gateway, hub, reply.right.revision);
  return E.right(position > reply.right.revision);
}
