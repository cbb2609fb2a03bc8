import type { Timeline } from '@parley/client/timeline/timeline';
import type { MessageView } from '@parley/domain/wire/views';
import { useEffect, useState } from 'preact/hooks';
import { hueOf } from '../parts/names.js';
import { useSession } from '../session/session-context.js';
import { quotedMessage } from './quoted-message.js';

type ReplyQuoteProps = {
  readonly seq: number;
  readonly timeline: Timeline;
  readonly onJump: (seq: number) => void;
};

/** The message that is answered, in a line; a click goes there. */
export function ReplyQuote({ seq, timeline, onJump }: ReplyQuoteProps) {
  const { client } = useSession();
  const near = timeline.snapshot().items.find((item) => item.seq === seq);
  const [far, setFar] = useState<MessageView>();
  useEffect(() => {
    if (near === undefined) void quotedMessage(client, timeline.conversationId, seq).then(setFar);
  }, [seq, near === undefined]);
  const quoted = near ?? far;
  return (
    <button type="button" class="quote" onClick={() => onJump(seq)}>
      {quoted !== undefined && <strong class={`author hue-${hueOf(quoted.author)}`}>{quoted.author}</strong>}
      <span dir="auto">{lineOf(quoted)}</span>
    </button>
  );
}

export function lineOf(message: Pick<MessageView, 'body'> | undefined): string {
  if (message === undefined) return 'An earlier message';
  if (message.body === null) return 'Deleted message';
  return message.body.kind === 'text' ? message.body.text.slice(0, 160) : 'Encrypted message';
}
