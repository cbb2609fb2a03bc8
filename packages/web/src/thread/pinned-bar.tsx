import type { Timeline } from '@parley/client/timeline/timeline';
import { useState } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { sayWhy } from '../parts/toasts.js';
import { lineOf } from './reply-quote.js';
import { useMessage } from './use-message.js';

type PinnedBarProps = {
  readonly timeline: Timeline;
  /** Seqs, the one pinned last at the end. */
  readonly pins: readonly number[];
  readonly mayUnpin: boolean;
  readonly onJump: (seq: number) => void;
};

/** The pinned messages, one at a time, the newest first: a click goes there and shows the one before it. */
export function PinnedBar({ timeline, pins, mayUnpin, onJump }: PinnedBarProps) {
  const [back, setBack] = useState(0);
  const at = pins.length - 1 - (back % pins.length);
  const seq = pins[at] as number;
  return (
    <section class="pinned-bar" aria-label="Pinned messages">
      <button
        type="button"
        class="pinned"
        onClick={() => {
          onJump(seq);
          setBack(back + 1);
        }}
      >
        <Icon name="pin" />
        <span class="pinned-words">
          <strong>{pins.length > 1 ? `Pinned, ${at + 1} of ${pins.length}` : 'Pinned'}</strong>
          <PinnedLine key={seq} timeline={timeline} seq={seq} />
        </span>
      </button>
      {mayUnpin && (
        <button type="button" class="text-button" onClick={() => void timeline.unpin(seq).catch(sayWhy)}>
          Unpin
        </button>
      )}
    </section>
  );
}

function PinnedLine({ timeline, seq }: { readonly timeline: Timeline; readonly seq: number }) {
  const message = useMessage(timeline, seq);
  const author = message?.body == null ? '' : `${message.author}: `;
  return <span class="pinned-line" dir="auto">{`${author}${lineOf(message)}`}</span>;
}
