/** The vault cannot be asked now. */
export class VaultAway extends Error {
  override readonly name = 'VaultAway';
}

/** Thrown by a question whose answer is worth nothing any more, to be asked again. */
export class Stale extends Error {}

/** What a question under way must know when its answer comes. */
export type UnderWay = {
  /** Names that were destroyed meanwhile. */
  readonly gone: ReadonlySet<string>;
  /** Whether what is known was thrown away meanwhile, and so must the answer be. */
  readonly isStale: boolean;
};

/** The questions to the vault that are under way, and what was heard meanwhile. */
export type Questions = {
  /** Whether there is a line. */
  readonly isUp: boolean;
  /**
   * Asks, for 3 s at most, and again when that threw `Stale`.
   *
   * @throws VaultAway
   */
  ask<A>(question: (asked: UnderWay) => Promise<A>): Promise<A>;
  /** To those under way: a name was destroyed. */
  tellGone(name: string): void;
  /** To those under way: what was known was thrown away. */
  makeStale(): void;
  /** There is no line: those under way, and all that follow, fail at once. */
  cut(): void;
  mend(): void;
};

const WITHIN_MS = 3_000;

export function openQuestions(): Questions {
  const underWay = new Set<Asked>();
  let isUp = true;

  return {
    get isUp() {
      return isUp;
    },
    async ask(question) {
      for (;;) {
        if (!isUp) throw new VaultAway('there is no line to the vault');
        const { promise: isCut, reject: giveUp } = Promise.withResolvers<never>();
        const asked: Asked = { gone: new Set(), isStale: false, giveUp };
        underWay.add(asked);
        try {
          return await within(Promise.race([question(asked), isCut]));
        } catch (error) {
          if (error instanceof VaultAway) throw error;
          if (!(error instanceof Stale)) throw new VaultAway('the vault cannot be asked', { cause: error });
        } finally {
          underWay.delete(asked);
          asked.isStale = true;
        }
      }
    },
    tellGone(name) {
      for (const each of underWay) each.gone.add(name);
    },
    makeStale() {
      for (const each of underWay) each.isStale = true;
    },
    cut() {
      isUp = false;
      for (const each of underWay) each.giveUp(new VaultAway('the line to the vault was cut'));
    },
    mend() {
      isUp = true;
    },
  };
}

type Asked = {
  readonly gone: Set<string>;
  isStale: boolean;
  readonly giveUp: (error: VaultAway) => void;
};

/** @throws VaultAway when there is no answer within 3 s. */
export function within<A>(answer: Promise<A>): Promise<A> {
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
  const late = setTimeout(giveUp, WITHIN_MS, new VaultAway(SILENT));
  return Promise.race([answer, givenUp]).finally(() => clearTimeout(late));
}

const SILENT = `the vault does not answer within ${WITHIN_MS} ms`;
