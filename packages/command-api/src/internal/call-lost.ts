import type { CommandOf } from '@parley/domain/conversation/commands';
import type { Refusal, RefusalTag } from '@parley/domain/conversation/refusals';
import { SYSTEM } from '@parley/domain/ids';
import type { InCall } from '@parley/infra/voice/roster';
import * as E from 'fp-ts/lib/Either.js';
import { type CommandResources, handleCommand } from '../commands/handle.js';

/**
 * The system takes a participant out of its call who is not heard of any more. Gateways may ask it several times, and several of them at once: it is one command,
 * and where call or conversation are gone there is nothing to be done.
 */
export async function callLost(
  resources: CommandResources,
  now: number,
  { conversationId, call, participant }: InCall,
): Promise<E.Either<Refusal, object>> {
  const command: CommandOf<'call.leave'> = {
    type: 'call.leave',
    data: { conversationId, commandId: `lost-${participant}`, call, participant },
    actor: SYSTEM,
    at: now,
    banHashes: {},
  };
  const outcome = await handleCommand(resources, command);
  return E.isLeft(outcome) && !GONE.has(outcome.left.tag) ? outcome : E.right({});
}

const GONE = new Set<RefusalTag>(['ConversationNotFound', 'ConversationClosed']);
