import cliProgress from 'cli-progress';
import { grouped } from './print.js';

/** Shows how far a long work is. */
export type Progress = {
  /** By one, unless it says by how many. */
  readonly step: (by?: number) => void;
  readonly stop: () => void;
};

/** A line of progress where there is no terminal, this often in ms. */
const LINE_MS = 10_000;

/** A bar with rate and time left on a terminal, a line now and then elsewhere; both on standard error. */
export function createProgress(total: number, what: string): Progress {
  const startedAt = Date.now();
  let done = 0;
  const rate = () => Math.round(done / Math.max(0.001, (Date.now() - startedAt) / 1000));
  if (!process.stderr.isTTY) {
    const timer = setInterval(() => {
      const left = rate() > 0 ? `, ${Math.round((total - done) / rate())} s left` : '';
      process.stderr.write(
        `${grouped(done)} of ${grouped(total)} ${what}, ${grouped(rate())} a second${left}\n`,
      );
    }, LINE_MS);
    const step = (by = 1): void => {
      done += by;
    };
    return { step, stop: () => clearInterval(timer) };
  }
  const bar = new cliProgress.SingleBar(
    {
      format: `{bar} {percentage}% | {value} of {total} ${what} | {rate} a second | {eta_formatted} left`,
      stream: process.stderr,
      hideCursor: true,
      etaBuffer: 2_000,
      fps: 5,
    },
    cliProgress.Presets.shades_classic,
  );
  bar.start(total, 0, { rate: 0 });
  return {
    step: (by = 1) => {
      const told = Math.floor(done / 64);
      done += by;
      // Telling the bar costs more than a line does.
      if (Math.floor(done / 64) > told) bar.update(done, { rate: grouped(rate()) });
    },
    stop: () => {
      bar.update(done, { rate: grouped(rate()) });
      bar.stop();
    },
  };
}
