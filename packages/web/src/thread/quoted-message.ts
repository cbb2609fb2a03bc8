import type { ParleyClient } from '@parley/client/parley-client';
import { timelineCursor } from '@parley/domain/wire/cursor';
import type { MessageView } from '@parley/domain/wire/views';

/** Quotes that are remembered; the oldest give way. */
const MAX_QUOTES = 200;

type Quote = Promise<MessageView | null | undefined>;
const quotes = new Map<string, Quote>();

/** A message outside the window, read for its quote alone, and remembered until its end; null where it is gone, undefined where it cannot be had now. */
export function quotedMessage(client: ParleyClient, conversationId: string, seq: number): Quote {
  const key = `${client.user} ${conversationId} ${seq}`;
  const known = quotes.get(key);
  if (known !== undefined) return known;
  const after = timelineCursor(conversationId, seq - 1);
  const asked = client.call('message.list', { conversationId, after, limit: 1 }).then(
    ({ messages }) => {
      const found = messages.find((message) => message.seq === seq) ?? null;
      if (found?.expiresAt !== undefined) client.onEnd(found.expiresAt, () => quotes.delete(key));
      if (found?.sealed === 'locked') quotes.delete(key);
      return found;
    },
    () => {
      quotes.delete(key);
      return undefined;
    },
  );
  quotes.set(key, asked);
  const oldest = quotes.keys().next().value;
  if (quotes.size > MAX_QUOTES && oldest !== undefined) quotes.delete(oldest);
  return asked;
}
