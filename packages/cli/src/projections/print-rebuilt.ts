import type { Rebuilt } from '@parley/projector/rebuild/report';
import { grouped, paints } from '../terminal/print.js';

/** Says what a rebuild made, what it could not, and what comes next. */
export function printRebuilt(rebuilt: Rebuilt, isToBePromoted: boolean): void {
  const { version, model, events, ms, copied } = rebuilt;
  const from = copied.length === 0 ? '' : `; ${copied.join(' and ')} copied from the version that is served`;
  const lines = [
    `version ${version} (model ${model}) has all of the log: ${grouped(events)} events in ${(ms / 1000).toFixed(1)} s${from}`,
    ...warningsOf(rebuilt).map((line) => paints(process.stdout).yellow(line)),
    ...(isToBePromoted
      ? []
      : [`next: parley projections verify ${version}, then parley projections promote ${version}`]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function warningsOf({ version, parked, missing, incomplete, isFollowed }: Rebuilt): readonly string[] {
  const { count, some } = incomplete;
  const more = count > some.length ? `, and ${grouped(count - some.length)} more` : '';
  return [
    ...(isFollowed ? [] : [`no projector follows version ${version}: it stays where it is until one runs`]),
    ...(parked === 0
      ? []
      : [`${grouped(parked)} events could not be taken: see \`parley dead-letters list\``]),
    ...(missing === 0
      ? []
      : [`${grouped(missing)} messages are missing in the log, and no erasure accounts for them`]),
    ...(count === 0
      ? []
      : [
          `${grouped(count)} conversations are incomplete, the log lacks their beginning: ${some.join(', ')}${more}`,
        ]),
  ];
}
