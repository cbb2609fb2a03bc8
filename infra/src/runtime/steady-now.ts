/** Whole milliseconds by a clock that goes on evenly, whatever the machine's is set to: for waits, and for how old something is. Of this process alone; when something was is told by `Date.now()`. */
export const steadyNow = (): number => Math.floor(performance.now());
