import type { Envelope } from '@parley/domain/log/envelope';
import { type Appended, append } from '@parley/infra/log/append';
import { logText } from '@parley/infra/log/log-text';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import { placeOf } from '@parley/infra/log/subjects';

export type AppendResources = { readonly window: PublishWindow; readonly partitions: number };

/** Appends what the system decided about a conversation, if nothing came there after the stream sequence `expected`. Never rejects. */
export const appendEvent = (
  { window, partitions }: AppendResources,
  event: Envelope,
  expected: number,
): Promise<Appended> =>
  append(window, {
    place: placeOf(event.conversationId, partitions),
    payload: logText(event),
    expected,
    messageId: `${event.conversationId}:${event.actor}:${event.commandId}`,
  });
