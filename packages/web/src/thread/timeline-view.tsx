import type { Timeline } from '@parley/client/timeline/timeline';
import type { RefObject } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { CallLine } from '../call/call-line.js';
import { Icon } from '../parts/icon.js';
import { rove } from '../parts/roving-focus.js';
import { useSelected } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { dayOf } from '../text/times.js';
import { JumpButton } from './jump-button.js';
import { Message, type MessageActions } from './message.js';
import { NoteLine } from './note-line.js';
import { useRings } from './rings.js';
import { notesWithin, rowsOf } from './rows.js';
import { createScrollKeeper, type ScrollKeeper, seenSeq } from './scroll-keeper.js';
import { TimelineEdge } from './timeline-edge.js';
import { useOpening } from './use-opening.js';
import { useSeen } from './use-seen.js';
import { createVanishing, type Vanishing } from './vanishing.js';

type TimelineViewProps = {
  readonly timeline: Timeline;
  readonly isRoom: boolean;
  readonly mayModerate: boolean;
  readonly mayPin: boolean;
  readonly mayCall: boolean;
  readonly pins: readonly number[];
  readonly actions: Omit<MessageActions, 'jump'>;
  /** Set to what brings a message into view, without one the newest. */
  readonly show: RefObject<(seq?: number) => void>;
};

/** Views of this many heights are kept loaded before and after what is seen. */
const AHEAD = 2;

/**
 * The messages. The window of the timeline is what is in the document: the browser's own search, selection and reading
 * order work, and a second window inside it would save nothing.
 */
export function TimelineView(props: TimelineViewProps) {
  const { timeline, isRoom, mayModerate, mayPin, mayCall, pins, actions, show } = props;
  const { client } = useSession();
  const scroller = useRef<HTMLElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const keeper = useRef<ScrollKeeper>(undefined);
  const vanishing = useRef<Vanishing>(undefined);
  const items = useSelected(
    timeline,
    (each) => each.items,
    () => {
      keeper.current?.capture();
      vanishing.current?.capture(new Set(timeline.snapshot().items.map(({ key }) => key)), client.now());
    },
  );
  const notes = useSelected(timeline, (each) => each.notes);
  const calls = useSelected(timeline, (each) => each.calls);
  const isErased = useSelected(timeline, (each) => each.isErased);
  const problem = useSelected(timeline, (each) => (each.isErased ? undefined : each.problem));
  const isFirst = useSelected(timeline, (each) => each.loading === 'first');
  const { newAfter, isOpen, goal, reached, jump } = useOpening(timeline);
  show.current = (seq) => jump(seq);
  const [isAway, setAway] = useState(false);
  const rows = useMemo(
    () => rowsOf(items, newAfter, notesWithin(notes, timeline.snapshot()), calls),
    [items, newAfter, notes, calls],
  );
  useRings(
    client,
    list,
    items.some(({ expiresAt }) => expiresAt !== undefined),
  );
  const all: MessageActions = useMemo(() => ({ ...actions, jump }), [actions, jump]);

  const lookAround = (): void => {
    const view = scroller.current;
    if (view === null || !isOpen) return;
    const { hasOlder, hasNewer, loading } = timeline.snapshot();
    if (items.length > 0 && loading === 'nothing') {
      const below = view.scrollHeight - view.scrollTop - view.clientHeight;
      if (hasOlder && view.scrollTop < AHEAD * view.clientHeight) void timeline.loadOlder();
      else if (hasNewer && below < AHEAD * view.clientHeight) void timeline.loadNewer();
    }
    setAway(hasNewer || keeper.current?.isAtEnd === false);
  };
  const seeSoon = useSeen(() => {
    if (!isOpen || scroller.current === null || list.current === null) return;
    const seq = seenSeq(scroller.current, list.current);
    if (seq > 0) timeline.seen(seq);
  });

  const looking = useRef(lookAround);
  looking.current = lookAround;
  // What was loading has come, and perhaps nothing of it is to be rendered.
  useLayoutEffect(() => timeline.subscribe(() => looking.current()), [timeline]);

  useLayoutEffect(() => {
    keeper.current = createScrollKeeper(scroller.current as HTMLElement, list.current as HTMLElement);
    vanishing.current = createVanishing(
      scroller.current as HTMLElement,
      list.current as HTMLElement,
      layer.current as HTMLElement,
    );
    const settle = new ResizeObserver(() => keeper.current?.restore());
    settle.observe(scroller.current as HTMLElement);
    settle.observe(list.current as HTMLElement);
    return () => settle.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (goal === undefined) keeper.current?.restore();
    else if (goal === 'end') {
      keeper.current?.toEnd();
      reached();
    } else if (keeper.current?.toRow(goal.key, goal.share)) {
      flash(list.current as HTMLElement, goal);
      reached();
    }
    vanishing.current?.play();
    if (problem === undefined) lookAround();
    seeSoon();
  });
  return (
    <div class="timeline">
      <section
        ref={scroller}
        class="scroller"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        tabIndex={0}
        aria-label="Messages"
        onScroll={() => {
          keeper.current?.capture();
          lookAround();
          seeSoon();
        }}
        onKeyDown={(event) => {
          if (event.target instanceof HTMLElement && event.target.matches('.message'))
            rove(event, '.message');
        }}
      >
        {isErased ? <ErasedNote /> : <TimelineEdge timeline={timeline} />}
        {(isFirst || !isOpen) && items.length === 0 && problem === undefined && !isErased && <Skeletons />}
        <div ref={list} class={`messages ${isOpen ? '' : 'opening'}`}>
          {rows.map((row, index) => {
            if (row.kind === 'day')
              return (
                <h3 key={row.key} class="day" data-key={row.key}>
                  <span>{dayOf(row.at, Date.now())}</span>
                </h3>
              );
            if (row.kind === 'new')
              return (
                <div key={row.key} class="new-line" data-key={row.key}>
                  <span>New</span>
                </div>
              );
            if (row.kind === 'call')
              return (
                <CallLine
                  key={row.key}
                  conversationId={timeline.conversationId}
                  call={row.call}
                  mayStart={mayCall}
                />
              );
            if (row.kind === 'note') return <NoteLine key={row.key} note={row.note} onJump={jump} />;
            return (
              <Message
                key={row.key}
                item={row.item}
                begins={row.begins}
                ends={row.ends}
                isRoom={isRoom}
                isReachable={index === rows.length - 1}
                mayModerate={mayModerate}
                mayPin={mayPin}
                isPinned={row.item.seq !== undefined && pins.includes(row.item.seq)}
                timeline={timeline}
                actions={all}
              />
            );
          })}
        </div>
        {problem !== undefined && (
          <div class="timeline-problem" role="alert">
            <p>{problem.message}</p>
            <button
              type="button"
              class="text-button"
              onClick={() => void (items.length === 0 ? timeline.jumpTo() : timeline.loadOlder())}
            >
              Try again
            </button>
          </div>
        )}
      </section>
      <div ref={layer} class="vanishing" aria-hidden="true" inert />
      {isAway && isOpen && (
        <JumpButton conversationId={timeline.conversationId} onJump={() => jump(undefined)} />
      )}
    </div>
  );
}

/** Shows which message was meant. */
function flash(
  list: HTMLElement,
  { key, isMeant }: { readonly key: string; readonly isMeant: boolean },
): void {
  const row = isMeant
    ? [...list.children].find((child) => (child as HTMLElement).dataset.key === key)
    : undefined;
  row?.animate?.([{ backgroundColor: 'var(--flash)' }, { backgroundColor: 'transparent' }], 1_600);
}

const ErasedNote = () => (
  <div class="erased-note" role="status">
    <Icon name="trash" />
    <p>
      <strong>This conversation was erased.</strong>
      Nothing of it is left.
    </p>
  </div>
);

const Skeletons = () => (
  <div class="messages" role="status" aria-label="Loading messages">
    {['a', 'b', 'c', 'd', 'e'].map((row) => (
      <div key={row} class={`skeleton-message ${row}`} />
    ))}
  </div>
);
