import type { Asked, LinkQuestion, NodeAnswer } from '@parley/infra/voice/questions';
import type { Pipe } from './pipe.js';

/** What keeps both ends of a pipe the same: each tells the other what it sends and what it does not want, when that changes and every 2 s. */
export type Link = {
  readonly id: string;
  /** Something changed here. */
  touch(): void;
  /** The other side said what it sends, and what it does not want. */
  hear(question: LinkQuestion): Promise<NodeAnswer['edge.tracks']>;
  /** Resolves when the other side, or the room here, is gone. */
  readonly lost: Promise<void>;
  close(): void;
};

export type LinkOptions = {
  readonly id: string;
  readonly pipe: Pipe;
  readonly tell: (
    told: Pick<LinkQuestion, 'offers' | 'described' | 'unwanted'>,
  ) => Promise<Asked<NodeAnswer['edge.tracks']>>;
};

const TELL_MS = 2_000;

/** Milliseconds after which a side that says nothing is gone. */
const SILENT_MS = 10_000;

/** Tracks described in one message: a description has about 2 KB, and 10 at most, of the 1 MB that the broker takes. */
const MOST_DESCRIBED = 50;

export function openLink({ id, pipe, tell }: LinkOptions): Link {
  const lost = Promise.withResolvers<void>();
  let heardAt = performance.now();
  let isTelling = false;
  let isDue = false;
  let isClosed = false;

  async function sync(): Promise<void> {
    isDue = true;
    if (isTelling) return;
    isTelling = true;
    while (isDue && !isClosed) {
      isDue = false;
      await tellAll();
    }
    isTelling = false;
  }

  /** Until the other side has all: what it says is missing is described. */
  async function tellAll(): Promise<void> {
    let missing: readonly string[] = [];
    for (;;) {
      const offers = await pipe.offers();
      const described = pipe.describe(missing.slice(0, MOST_DESCRIBED));
      const answered = await tell({ offers, described, unwanted: pipe.unwanted() });
      if (isClosed || answered.tag === 'silence') return;
      if (answered.tag !== 'answer') return close();
      heardAt = performance.now();
      const before = missing.length;
      missing = answered.result.missing;
      // What it could not take once, it is offered again in a while.
      if (missing.length === 0 || (before > 0 && missing.length >= before)) return;
    }
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    clearInterval(timer);
    pipe.close();
    lost.resolve();
  }

  const timer = setInterval(() => {
    if (pipe.closed || performance.now() - heardAt > SILENT_MS) return close();
    void sync();
  }, TELL_MS);

  return {
    id,
    touch: () => void sync(),
    async hear({ offers, described, unwanted }) {
      heardAt = performance.now();
      pipe.rest(unwanted);
      return { missing: await pipe.take(offers, described) };
    },
    lost: lost.promise,
    close,
  };
}
