import { directConversationId, isDirectId, SYSTEM } from '../ids.js';
import { closeTitle } from './body.js';
import type { CreateConversation } from './commands.js';
import { endsTooSoon, noEndForDirect } from './decide-settings.js';
import { type Decision, no, yes } from './decision.js';
import { entry } from './entry.js';
import type { Conversation } from './state.js';
import type { Role } from './vocabulary.js';

export function create(state: Conversation, command: CreateConversation): Decision {
  const { data, actor } = command;
  if (actor === SYSTEM) return no('NotAllowed', 'only people converse');
  const others = [...new Set(data.members)].filter((user) => user !== actor);
  if (data.kind === 'direct') {
    const other = others[0];
    if (other === undefined || others.length !== 1) return no('DirectNeedsTwo');
    if (data.conversationId !== directConversationId(actor, other)) {
      return no('DirectNeedsTwo', `the id must be ${directConversationId(actor, other)}`);
    }
    if (data.title !== undefined) return no('NotForThisKind', 'a direct conversation has no title');
    if (data.expiresAt !== undefined) return noEndForDirect;
  } else if (isDirectId(data.conversationId)) {
    return no('NotForThisKind', 'ids that begin with dm- are for direct conversations');
  }
  // Only now, so that nobody but the two learns whether a direct conversation exists.
  if (state.tag === 'erased') return no('ConversationExists', 'it was erased; its id is not given again');
  if (state.tag !== 'absent') return no('ConversationExists');
  const tooSoon = endsTooSoon(data.expiresAt, command.at);
  if (tooSoon !== undefined) return tooSoon;
  const first: Role = data.kind === 'direct' ? 'member' : 'owner';
  return yes({
    type: 'conversation.created',
    data: {
      kind: data.kind,
      ttl: data.ttl ?? null,
      members: [entry(command, actor, first), ...others.map((user) => entry(command, user, 'member'))],
      ...(data.title === undefined ? {} : { title: closeTitle(data.title) }),
      ...(data.expiresAt === undefined ? {} : { expiresAt: data.expiresAt }),
    },
  });
}
