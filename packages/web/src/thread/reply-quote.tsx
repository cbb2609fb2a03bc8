import type { Timeline } from '@parley/client/timeline/timeline';
import type { MessageView } from '@parley/domain/wire/views';
import { hueOf } from '../parts/names.js';
import { useMessage } from './use-message.js';

type ReplyQuoteProps = {
  readonly seq: number;
  readonly timeline: Timeline;
  readonly onJump: (seq: number) => void;
};

/** The message that is answered, in a line; a click goes there. */
export function ReplyQuote({ seq, timeline, onJump }: ReplyQuoteProps) {
  const quoted = useMessage(timeline, seq);
  return (
    <button type="button" class="quote" onClick={() => onJump(seq)}>
      {quoted != null && <strong class={`author hue-${hueOf(quoted.author)}`}>{quoted.author}</strong>}
      <span dir="auto">{lineOf(quoted)}</span>
    </button>
  );
}

/** A message in a line; null for one that is gone. */
export function lineOf(message: Pick<MessageView, 'body' | 'sealed'> | null | undefined): string {
  if (message === undefined) return 'An earlier message';
  if (message === null) return 'A message that is gone';
  const { body, sealed } = message;
  if (sealed !== undefined) return sealed === 'locked' ? 'Locked for now' : 'Erased for good';
  if (body === null) return 'Deleted message';
  return body.kind === 'text' ? body.text.slice(0, 160) : 'Encrypted message';
}
