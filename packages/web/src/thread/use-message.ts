import type { Timeline } from '@parley/client/timeline/timeline';
import type { MessageView } from '@parley/domain/wire/views';
import { useEffect, useState } from 'preact/hooks';
import { useSelected } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { quotedMessage } from './quoted-message.js';

/**
 * A message of a timeline by its seq, also one outside its window: undefined until it is known, null where it is gone. It is gone
 * at its end, whoever shows it.
 */
export function useMessage(
  timeline: Timeline,
  seq: number,
): Pick<MessageView, 'author' | 'body' | 'sealed'> | null | undefined {
  const { client } = useSession();
  const near = useSelected(timeline, ({ items }) => items.find((item) => item.seq === seq));
  const [far, setFar] = useState<MessageView | null>();
  useEffect(() => {
    if (near !== undefined) return setFar(undefined);
    let isOver = false;
    let off = (): void => undefined;
    void quotedMessage(client, timeline.conversationId, seq).then((message) => {
      if (isOver) return;
      setFar(message);
      const end = message?.expiresAt;
      if (end !== undefined) off = client.onEnd(end, () => setFar(null));
    });
    return () => {
      isOver = true;
      off();
    };
  }, [seq, near === undefined]);
  return near ?? far;
}
