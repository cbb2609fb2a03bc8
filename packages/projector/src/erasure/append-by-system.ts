import type { Command } from '@parley/domain/conversation/commands';
import { decide } from '@parley/domain/conversation/decide';
import type { RefusalTag } from '@parley/domain/conversation/refusals';
import type { Conversation } from '@parley/domain/conversation/state';
import { SYSTEM } from '@parley/domain/ids';
import { envelop } from '@parley/domain/log/envelope';
import type { Folded } from '@parley/infra/log/snapshots';
import { isLeft } from 'fp-ts/lib/Either.js';
import { appendEvent } from '../append-event.js';
import type { LogResources } from './resources.js';

/** What the system does to a conversation by itself. */
export type OwnCommand = Pick<Extract<Command, { type: 'message.erase' | 'member.erase' }>, 'type' | 'data'>;

/**
 * Decides and appends, expecting what was folded. `stale`: something came meanwhile, or the broker did not answer; fold and decide
 * again.
 */
export async function appendBySystem(
  resources: Pick<LogResources, 'window' | 'partitions' | 'now'>,
  { state, streamSeq }: Folded<Conversation>,
  own: OwnCommand,
): Promise<'appended' | 'unchanged' | 'stale' | { readonly refused: RefusalTag }> {
  const at = resources.now();
  const { conversationId, commandId } = own.data;
  const decision = decide(state, { ...own, actor: SYSTEM, at, banHashes: {} } as Command);
  if (isLeft(decision)) return { refused: decision.left.tag };
  if (decision.right === undefined) return 'unchanged';
  const event = envelop(decision.right, {
    conversationId,
    seq: state.revision + 1,
    at,
    actor: SYSTEM,
    commandId,
  });
  const appended = await appendEvent(resources, event, streamSeq);
  return appended.tag === 'stored' || appended.tag === 'duplicate' ? 'appended' : 'stale';
}
