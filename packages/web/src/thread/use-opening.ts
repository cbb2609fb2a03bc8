import type { Timeline } from '@parley/client/timeline/timeline';
import { useCallback, useLayoutEffect, useState } from 'preact/hooks';

/** Where the view is to go as soon as that is there. */
export type Goal = 'end' | { readonly key: string; readonly share: number; readonly isMeant: boolean };

type Opening = {
  /** Seq after which everything is new; undefined where nothing was when it was opened. */
  readonly newAfter: number | undefined;
  /** Whether the first position is found: before that nothing is shown, loaded further or marked as seen. */
  readonly isOpen: boolean;
  readonly goal: Goal | undefined;
  reached(): void;
  /** To a message, or to the newest. */
  jump(seq: number | undefined): void;
};

/** Share of the view's height above the line "new", and above a message that was jumped to. */
const NEW_AT = 0.25;
const MEANT_AT = 0.35;

/** Opens a timeline at the first unread message, else at its end, and jumps. */
export function useOpening(timeline: Timeline): Opening {
  const [newAfter, setNewAfter] = useState<number>();
  const [phase, setPhase] = useState<'loading' | 'seeking' | 'open'>('loading');
  const [goal, setGoal] = useState<Goal>();

  const open = (unreadAfter: number | undefined): void => {
    setNewAfter(unreadAfter);
    setGoal(unreadAfter === undefined ? 'end' : { key: 'new', share: NEW_AT, isMeant: false });
    setPhase('open');
  };
  useLayoutEffect(() => {
    const { items, loading, hasOlder, openedAtRead, problem } = timeline.snapshot();
    if (phase !== 'loading' || loading === 'first' || (problem !== undefined && items.length === 0)) return;
    const unread = items.filter(({ isMine, seq }) => !isMine && seq !== undefined && seq > openedAtRead);
    if (unread.length === 0) return open(undefined);
    const isComplete = !hasOlder || items.some(({ seq }) => seq !== undefined && seq <= openedAtRead);
    if (isComplete) return open(openedAtRead);
    setPhase('seeking');
    void timeline.jumpTo(openedAtRead + 1).then(() => open(openedAtRead));
  });

  const reached = useCallback(() => setGoal(undefined), []);
  const jump = useCallback(
    (seq: number | undefined) => {
      const isThere = seq === undefined ? !timeline.snapshot().hasNewer : keyOf(timeline, seq) !== undefined;
      const go = (): void => {
        const key = seq === undefined ? undefined : keyOf(timeline, seq);
        if (seq === undefined) setGoal('end');
        else if (key !== undefined) setGoal({ key, share: MEANT_AT, isMeant: true });
      };
      if (isThere) go();
      else void timeline.jumpTo(seq).then(go);
    },
    [timeline],
  );
  return { newAfter, isOpen: phase === 'open', goal, reached, jump };
}

const keyOf = (timeline: Timeline, seq: number): string | undefined =>
  timeline.snapshot().items.find((item) => item.seq === seq)?.key;
