/** Asks many questions as few. */
export type Gather<Q, A> = {
  /** Rejects with what the whole batch failed with. */
  ask(question: Q): Promise<A>;
};

export type GatherOptions<Q, A> = {
  /** Answers a batch, in its order. */
  readonly ask: (questions: readonly Q[]) => Promise<readonly A[]>;
  /** What a batch may weigh, all its questions together; one that weighs more goes alone. */
  readonly most: number;
  /** Batches under way at once: while they are, questions wait and make the next batch larger. */
  readonly atOnce: number;
  /** 1 unless given. */
  readonly weigh?: (question: Q) => number;
};

/**
 * Gathers what is asked in one event-loop tick, and what is asked while earlier batches are under way. Its queue is bounded by
 * what its users ask at most, and they say so.
 */
export function openGather<Q, A>({ ask, most, atOnce, weigh = () => 1 }: GatherOptions<Q, A>): Gather<Q, A> {
  let waiting: Waiting<Q, A>[] = [];
  let underWay = 0;
  let scheduled = false;

  function schedule(): void {
    if (scheduled || underWay >= atOnce) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      while (waiting.length > 0 && underWay < atOnce) void run(take());
    });
  }

  function take(): readonly Waiting<Q, A>[] {
    let count = 0;
    let weight = 0;
    for (const { question } of waiting) {
      weight += weigh(question);
      if (count > 0 && weight > most) break;
      count++;
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  }

  async function run(batch: readonly Waiting<Q, A>[]): Promise<void> {
    underWay++;
    try {
      const answers = await ask(batch.map(({ question }) => question));
      for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as A);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    underWay--;
    if (waiting.length > 0) schedule();
  }

  return {
    ask: (question) =>
      new Promise<A>((resolve, reject) => {
        waiting.push({ question, resolve, reject });
        schedule();
      }),
  };
}

type Waiting<Q, A> = {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
};
