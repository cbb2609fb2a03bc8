/** Times in a row that ffmpeg may end by itself. */
const MOST_FAILURES = 5;

/** A run of this long, in ms, makes up for what was before. */
const GOOD_RUN_MS = 60_000;

const FIRST_DELAY_MS = 500;

export type Restarts = { readonly failures: number };

export type AfterExit = { readonly restarts: Restarts } & (
  | { readonly tag: 'again'; readonly inMs: number }
  | { readonly tag: 'giveUp' }
);

/** What follows when ffmpeg has ended after `ranMs` without having been told to: it is started again, later each time, and in the end no more. */
export function afterExit({ failures: before }: Restarts, ranMs: number): AfterExit {
  const failures = ranMs >= GOOD_RUN_MS ? 1 : before + 1;
  const restarts = { failures };
  return failures > MOST_FAILURES
    ? { tag: 'giveUp', restarts }
    : { tag: 'again', inMs: FIRST_DELAY_MS * 2 ** (failures - 1), restarts };
}
