import type { Conversations } from '../read/conversations.js';
import { fitting } from './fitting.js';

/** The views that fit into one answer; long previews make a page shorter than was asked for. */
export function fittingViews({ conversations, hasMore }: Conversations): Conversations {
  const count = fitting(conversations, ({ preview }) => JSON.stringify(preview).length);
  return { conversations: conversations.slice(0, count), hasMore: hasMore || count < conversations.length };
}
