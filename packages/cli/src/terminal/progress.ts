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

/** Shows how far several parts of a long work are, and all of it. */
export type PartsProgress = {
  /** One part has so many done; it is shown until it has its total. */
  readonly put: (part: string, done: number, total: number) => void;
  /** A line about the work, above the bars. */
  readonly say: (line: string) => void;
  readonly stop: () => void;
};

/** A bar for each part that is at work and one for all, on a terminal; a line now and then elsewhere; on standard error. */
export function createPartsProgress(total: number, what: string): PartsProgress {
  const startedAt = Date.now();
  const parts = new Map<string, { done: number; readonly first: number; readonly since: number }>();
  const sum = () => [...parts.values()].reduce((all, { done }) => all + done, 0);
  const rateOf = (done: number, since: number) =>
    Math.round(done / Math.max(0.001, (Date.now() - since) / 1000));
  const track = (part: string, done: number) => {
    const known = parts.get(part) ?? { done: 0, first: done, since: Date.now() };
    known.done = done;
    parts.set(part, known);
    return rateOf(done - known.first, known.since);
  };
  if (!process.stderr.isTTY) {
    const timer = setInterval(() => {
      const rate = rateOf(sum(), startedAt);
      const left = rate > 0 ? `, ${Math.round((total - sum()) / rate)} s left` : '';
      process.stderr.write(
        `${grouped(sum())} of ${grouped(total)} ${what}, ${grouped(rate)} a second${left}\n`,
      );
    }, LINE_MS);
    return {
      put: (part, done) => void track(part, done),
      say: (line) => void process.stderr.write(`${line}\n`),
      stop: () => clearInterval(timer),
    };
  }
  const bars = new cliProgress.MultiBar(
    {
      format: `{bar} {percentage}% | {part} | {value} of {total} ${what} | {rate} a second | {eta_formatted} left`,
      stream: process.stderr,
      hideCursor: true,
      etaBuffer: 200,
      fps: 5,
    },
    cliProgress.Presets.shades_classic,
  );
  const all = bars.create(total, 0, { part: 'all', rate: 0 });
  const shown = new Map<string, cliProgress.SingleBar>();
  return {
    put(part, done, partTotal) {
      const rate = grouped(track(part, done));
      const bar = shown.get(part) ?? bars.create(partTotal, 0, { part, rate });
      shown.set(part, bar);
      bar.update(done, { rate });
      if (done >= partTotal) {
        bars.remove(bar);
        shown.delete(part);
      }
      all.update(sum(), { rate: grouped(rateOf(sum(), startedAt)) });
    },
    say: (line) => bars.log(`${line}\n`),
    stop: () => bars.stop(),
  };
}
