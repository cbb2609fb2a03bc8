import type { Timeline } from '@parley/client/timeline/timeline';
import { useStore } from '../parts/use-store.js';

/** Above the oldest message: what is before it is loading, or there is nothing before it. */
export function TimelineEdge({ timeline }: { readonly timeline: Timeline }) {
  const { hasOlder, loading, problem } = useStore(timeline);
  return (
    <div class="timeline-edge">
      {hasOlder ? (
        <span
          class="spinner"
          role="status"
          aria-label="Loading older messages"
          hidden={loading !== 'older'}
        />
      ) : (
        loading === 'nothing' && problem === undefined && <p>This is where the conversation begins.</p>
      )}
    </div>
  );
}
