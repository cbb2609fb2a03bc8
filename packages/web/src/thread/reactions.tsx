import type { Timeline, TimelineItem } from '@parley/client/timeline/timeline';
import { sayWhy } from '../parts/toasts.js';

type ReactionsProps = {
  readonly reactions: NonNullable<TimelineItem['reactions']>;
  readonly seq: number;
  readonly timeline: Timeline;
};

/** Below a message: who reacted how often, and mine to put on or take off. */
export const Reactions = ({ reactions, seq, timeline }: ReactionsProps) => (
  <div class="reactions">
    {reactions.map(({ emoji, count, mine }) => (
      <button
        key={emoji}
        type="button"
        class="reaction"
        aria-pressed={mine}
        aria-label={`${emoji}, ${count}${mine ? ', mine' : ''}`}
        onClick={() => void timeline.react(seq, emoji, mine).catch(sayWhy)}
      >
        <span>{emoji}</span>
        {count}
      </button>
    ))}
  </div>
);
