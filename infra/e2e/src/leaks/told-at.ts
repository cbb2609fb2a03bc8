import type { Envelope } from '@parley/domain/log/envelope';

/** An event, or what is left of one. */
export type Happened = Distributed<Envelope>;
type Distributed<E extends Envelope> = E extends Envelope
  ? Pick<E, 'seq' | 'actor' | 'type' | 'data'>
  : never;

/** What readers are to be told of a conversation at a revision: one shape for every way to read. */
export type Told = {
  /** Seqs of the messages that are shown, oldest first; deleted ones, without body, among them. */
  readonly shown: readonly number[];
  readonly deleted: readonly number[];
  /** `seq emoji count` of each. */
  readonly reactions: readonly string[];
  readonly preview: number | null;
  readonly pins: readonly number[];
  /** Of `reader`, who has marked `read`. */
  readonly unread: number;
};

/** Made of nothing but the events up to `revision`, as slowly and plainly as can be. */
export function toldAt(log: readonly Happened[], revision: number, reader: string, read: number): Told {
  const shown = new Set<number>();
  const deleted = new Set<number>();
  const reactions = new Set<string>();
  let pins: readonly number[] = [];
  let watermark = read;
  const forget = (seq: number): void => {
    pins = pins.filter((pin) => pin !== seq);
    for (const each of [...reactions]) if (each.startsWith(`${seq} `)) reactions.delete(each);
  };
  for (const { seq, type, actor, data } of log) {
    if (seq > revision) break;
    if (type === 'message.sent') {
      shown.add(seq);
      if (actor === reader) watermark = Math.max(watermark, seq);
    } else if (type === 'message.deleted') {
      deleted.add(data.seq);
      forget(data.seq);
    } else if (type === 'message.expired') {
      for (const [from, to] of data.ranges)
        for (const each of [...shown].filter((one) => from <= one && one <= to)) {
          shown.delete(each);
          deleted.delete(each);
          forget(each);
        }
    } else if (type === 'message.pinned') pins = [...pins, data.seq];
    else if (type === 'message.reacted') reactions.add(`${data.seq} ${data.emoji} ${actor}`);
  }
  const counted = Map.groupBy([...reactions], (each) => each.split(' ').slice(0, 2).join(' '));
  return {
    shown: [...shown],
    deleted: [...deleted].sort((a, b) => a - b),
    reactions: [...counted].map(([each, by]) => `${each} ${by.length}`).sort(),
    preview: [...shown].at(-1) ?? null,
    pins,
    unread: [...shown].filter((seq) => seq > watermark && !deleted.has(seq)).length,
  };
}
