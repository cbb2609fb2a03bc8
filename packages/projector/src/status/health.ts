import type { ShareStatus, Status, VersionStatus } from './read-status.js';

/** Something that is not as it should be, and the runbook that says what to do. */
export type Complaint = { readonly what: string; readonly runbook: string };

export type Thresholds = {
  /** For how long, in seconds, a message may wait in the log before the rows have it. */
  readonly lagSeconds: number;
};

/**
 * What is not as it should be: in the version that is served, because people see it; in the others it is told and does not count. One
 * that is looked at alone is judged as if it were served.
 */
export function complaintsAbout(
  { versions }: Status,
  thresholds: Thresholds,
  alone = false,
): readonly Complaint[] {
  const judged = versions.filter(({ role }) => alone || role === 'served');
  if (judged.length === 0)
    return [{ what: 'no version of the read model is served', runbook: 'docs/runbooks/projector-behind.md' }];
  return judged.flatMap((version) => complaintsAboutOne(version, thresholds));
}

function complaintsAboutOne(
  { version, state, shares }: VersionStatus,
  { lagSeconds }: Thresholds,
): readonly Complaint[] {
  if (state === 'dropping') return [{ what: `version ${version} is being dropped`, runbook: PROJECTOR }];
  const of = (what: string, runbook: string, some: readonly ShareStatus[]) =>
    some.length === 0 ? [] : [{ what: `version ${version}: ${what} (${placesOf(some)})`, runbook }];
  const behind = shares.filter((share) => share.lagSeconds > lagSeconds);
  const longest = Math.max(...behind.map((share) => share.lagSeconds));
  return [
    ...of(
      'nobody works on it',
      PROJECTOR,
      shares.filter(({ owner }) => owner === undefined),
    ),
    ...of(`a message has waited for ${Math.round(longest)} s`, PROJECTOR, behind),
    ...of(
      'the log ends before the rows: it was replaced, or lost its end',
      'docs/runbooks/log-damaged.md',
      shares.filter(({ head, checkpoint }) => head < checkpoint),
    ),
    ...of(
      'conversations stand still behind an event that could not be taken',
      'docs/runbooks/parked-event.md',
      shares.filter(({ parked, letters }) => parked + letters > 0),
    ),
    ...of(
      'messages of the log are missing, and no erasure accounts for them',
      'docs/runbooks/log-damaged.md',
      shares.filter(({ gaps }) => gaps > 0),
    ),
  ];
}

const PROJECTOR = 'docs/runbooks/projector-behind.md';

/** Shares by projection, as `timeline 0-3, 7`. */
function placesOf(shares: readonly ShareStatus[]): string {
  const byProjection = Map.groupBy(shares, ({ projection }) => projection);
  return [...byProjection]
    .map(([projection, some]) => `${projection} ${rangesOf(some.map(({ partition }) => partition))}`)
    .join('; ');
}

function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}
