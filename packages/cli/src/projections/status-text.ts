import { NEWEST_MODEL } from '@parley/infra/read-model/models';
import type { Complaint } from '@parley/projector/status/health';
import type { ShareStatus, Status, VersionStatus } from '@parley/projector/status/read-status';
import { grouped, minuteOf, paints } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';

/** A look at the versions, as a person reads it. */
export function statusText({ versions }: Status, complaints: readonly Complaint[]): string {
  const { red, green } = paints(process.stdout);
  const verdict =
    complaints.length === 0
      ? [green('healthy')]
      : complaints.map(({ what, runbook }) => `${red('unhealthy')}: ${what}: see ${runbook}`);
  return [...versions.flatMap(versionText), ...verdict].join('\n');
}

function versionText(version: VersionStatus): readonly string[] {
  const { bold, dim, green, yellow } = paints(process.stdout);
  const { model, state, role, verified } = version;
  const is = role === 'served' ? green('served') : role === 'previous' ? 'served before' : 'not served';
  const proof =
    verified === undefined
      ? 'not verified'
      : `verified ${minuteOf(verified.at.getTime())} against ${verified.against === 'log' ? 'the log' : verified.against}`;
  const age =
    role === 'served' && model < NEWEST_MODEL
      ? yellow(`, older than ${NEWEST_MODEL} of this release: see docs/runbooks/rebuild.md`)
      : '';
  const header = `${bold(`version ${version.version}`)}  model ${model}${age} · ${state} · ${is} · ${dim(proof)}`;
  return version.shares.length === 0 ? [header] : [header, sharesTable(version.shares)];
}

function sharesTable(shares: readonly ShareStatus[]): string {
  const { dim, red, yellow } = paints(process.stdout);
  const rows = shares.map((share) => {
    const { projection, partition, owner, checkpoint, head, lagEvents, lagSeconds, rate, digest } = share;
    const letters = share.parked > 0 ? share.parked : share.letters;
    return [
      projection,
      partition,
      owner ?? red('nobody'),
      grouped(checkpoint),
      grouped(head),
      lagEvents === 0 ? dim('0') : yellow(grouped(lagEvents)),
      lagEvents === 0 ? '' : secondsOf(lagSeconds),
      rate === undefined ? '' : `${grouped(Math.round(rate))}/s`,
      digest === undefined ? '' : digest.slice(0, 8),
      letters === 0 ? dim('0') : red(grouped(letters)),
      share.gaps === 0 ? dim('0') : red(grouped(share.gaps)),
    ];
  });
  return tableOf(COLUMNS, rows);
}

const COLUMNS = [
  'projection',
  number('partition'),
  'owner',
  number('checkpoint'),
  number('head'),
  number('lag'),
  number('waited'),
  number('rate'),
  'digest',
  number('parked'),
  number('missing'),
];

/** A time in seconds, in its largest unit. */
function secondsOf(seconds: number): string {
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}
