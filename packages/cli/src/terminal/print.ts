/** Whether standard output shows colours (https://no-color.org). */
const coloured = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && !process.env.NO_COLOR;

type Paint = (text: string) => string;

/** Colours for a stream; none where it is no terminal. */
export const paints = (stream: NodeJS.WriteStream) => {
  const paint =
    (code: number): Paint =>
    (text) =>
      coloured(stream) ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { bold: paint(1), dim: paint(2), red: paint(31), green: paint(32), yellow: paint(33), of: paint };
};

/** `writeText` of a line. */
export const writeLine = (stream: NodeJS.WriteStream, line: string): Promise<boolean> =>
  writeText(stream, `${line}\n`);

/**
 * Writes, and resolves when there is room for more. False when nobody reads any more: the pipe is closed, as by `| head`.
 */
export function writeText(stream: NodeJS.WriteStream, text: string | Uint8Array): Promise<boolean> {
  if (stream.destroyed || stream.writableEnded) return Promise.resolve(false);
  if (stream.write(text)) return Promise.resolve(!stream.destroyed);
  return new Promise((resolve) => {
    const settle = (open: boolean) => (): void => {
      stream.off('drain', drained);
      stream.off('close', closed);
      resolve(open);
    };
    const drained = settle(true);
    const closed = settle(false);
    stream.once('drain', drained);
    stream.once('close', closed);
  });
}

/** Numbers in groups of three. */
export const grouped = (value: number): string => value.toLocaleString('en-US');

/** A time in ms, to the minute. */
export const minuteOf = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** A size, in the unit that gives it at most four digits. */
export function bytesOf(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const unit = bytes < 1_024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1_024 ** unit;
  return `${unit > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
