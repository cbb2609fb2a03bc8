import { reactionsTo } from '@parley/domain/history/timeline';
import type { MessageThen, Past } from './past.js';

/** A conversation at a moment, for machines: as `GET /v1/conversations/:id?at=` has it, without a reader. */
export function pastJson({ read, title, members, messages, hasMoreMessages, erasedAt }: Past): object {
  const { history, at, head, unreadable } = read;
  return {
    conversationId: history.conversationId,
    kind: history.kind,
    ...title,
    ttl: history.ttl,
    closed: history.closed,
    memberCount: history.members.size,
    revision: history.revision,
    members,
    pins: [...history.pins.keys()],
    ...(history.expiresAt === null ? {} : { expiresAt: history.expiresAt }),
    ...(history.hold === null ? {} : { hold: history.hold }),
    ...((history.erasedAt ?? erasedAt) === undefined ? {} : { erasedAt: history.erasedAt ?? erasedAt }),
    past: {
      seq: history.revision,
      at,
      head,
      messages: messages.map(messageJson),
      hasMoreMessages,
      incomplete: history.holes.unclaimed > 0 || unreadable.length > 0,
      unreadable,
    },
  };
}

function messageJson({ message, said }: MessageThen): object {
  const { reactions: _, expired: __, body: ___, ...facts } = message;
  const isTold = said !== 'deleted' && said !== 'gone since';
  const kept = Object.entries(facts).filter(
    ([key, value]) => value !== null && (isTold || key !== 'editedAt'),
  );
  return {
    ...Object.fromEntries(kept),
    ...(typeof said === 'string'
      ? { body: null, ...(said === 'deleted' ? {} : { sealed: said === 'gone since' ? 'gone' : 'locked' }) }
      : said),
    ...(isTold && message.reactions !== undefined ? { reactions: reactionsTo(message) } : {}),
  };
}
