import type { Report, Stretch } from '@parley/projector/rebuild/report';
import { lengthOf } from '@parley/projector/rebuild/shares';
import { createPartsProgress, type PartsProgress } from '../terminal/progress.js';

/** Shows on standard error what a rebuild tells of itself. */
export function showRebuild(): { readonly report: (report: Report) => void; readonly stop: () => void } {
  let bars: PartsProgress | undefined;
  let round: readonly Stretch[] = [];
  const say = (line: string): void => {
    if (bars === undefined) process.stderr.write(`${line}\n`);
    else bars.say(line);
  };
  const stop = (): void => {
    bars?.stop();
    bars = undefined;
  };

  function report(told: Report): void {
    switch (told.tag) {
      case 'begun':
        stop();
        return say(
          `${told.isResumed ? 'going on with' : 'building'} version ${told.version}, of model ${told.model}`,
        );
      case 'phase':
        stop();
        return say(told.what === '' ? told.phase : `${told.phase}: ${told.what}`);
      case 'round':
        stop();
        round = told.stretches;
        if (lengthOf(round) > 0) bars = createPartsProgress(lengthOf(round), 'events');
        return;
      case 'committed': {
        const { projection, partition } = told.share;
        const part = round.find(
          ({ share }) => share.projection === projection && share.partition === partition,
        );
        if (part === undefined) return;
        return bars?.put(`${projection} ${partition}`, told.streamSeq - part.after, part.upTo - part.after);
      }
      case 'waiting':
        return say(`waiting: ${told.reason}`);
      default:
        return told satisfies never;
    }
  }

  return { report, stop };
}
