import { setTimeout as sleep } from 'node:timers/promises';
import { isKnownModel, type Model } from './models.js';
import { schemaOf } from './schema-name.js';
import { listVersions, type Version, type VersionsDatabase } from './versions.js';

/** A build to read from. */
export type ReadModel = { readonly schema: string; readonly model: Model };

/** Which build this process reads from. */
export type ServedVersion = {
  /**
   * The build to read from: as known, where it was asked for within a second, else it is asked for first. Where Postgres does not answer, it is
   * the last one known.
   *
   * @throws NoReadableVersion, or what Postgres says where none was ever known
   */
  current(): Promise<ReadModel>;
  /** Runs statements on it; once more on the one served then, where it was dropped meanwhile. */
  read<A>(run: (served: ReadModel) => Promise<A>): Promise<A>;
  close(): void;
};

/** There is no build that this release can read: a newer one is served, and the last of its own was dropped. */
export class NoReadableVersion extends Error {
  override readonly name = 'NoReadableVersion';
  /** As Postgres says of a schema that is not there. */
  readonly code = '3F000';
  constructor() {
    super('there is no version of the read model that this release can read');
  }
}

export type ServedOptions = {
  /** Which models this code can read: all it knows, unless a test is to be an older release. */
  readonly knows?: (model: number) => model is Model;
  readonly now?: () => number;
};

/** Ms between two looks at the pointer, and for which an answer is believed when a look is late. */
const LOOK = 500;
const BELIEVED = 1_000;

/** Ms for which an answer waits for a look: a database that hangs must not hold up what can be answered without it. */
const PATIENCE = 250;

/** The build to read from, or undefined where none is known: for what can be answered without. */
export const knownModel = (served: Pick<ServedVersion, 'current'>): Promise<ReadModel | undefined> =>
  served.current().catch(() => undefined);

/** Looks at the pointer twice a second until it is closed, so that a switch is seen within a second by all. */
export function openServedVersion(
  database: VersionsDatabase,
  { knows = isKnownModel, now = Date.now }: ServedOptions = {},
): ServedVersion {
  let known: ReadModel | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let looking: { readonly since: number; readonly answer: Promise<void> } | undefined;
  // What a look finds wrong is met by whoever needs the answer.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK);
  timer.unref();

  function look(): Promise<void> {
    looking ??= {
      since: performance.now(),
      answer: ask().finally(() => {
        looking = undefined;
      }),
    };
    return looking.answer;
  }

  async function ask(): Promise<void> {
    const served = servedTo(await listVersions(database), knows);
    askedAt = now();
    known = served === undefined ? undefined : { schema: schemaOf(served.version), model: served.model };
  }

  async function current(): Promise<ReadModel> {
    if (known !== undefined && now() - askedAt < BELIEVED) return known;
    const answer = look();
    if (known === undefined) await answer;
    else await soon(answer);
    if (known === undefined) throw new NoReadableVersion();
    return known;
  }

  /** Waits for a look that has begun of late. */
  async function soon(answer: Promise<void>): Promise<void> {
    const asked = answer.catch(() => undefined);
    const left = PATIENCE - (performance.now() - (looking?.since ?? 0));
    if (left > 0) await Promise.race([asked, sleep(left, undefined, { ref: false })]);
  }

  return {
    current,
    async read(run) {
      const served = await current();
      try {
        return await run(served);
      } catch (error) {
        if (!isNotThere(error)) throw error;
        await look();
        if (known === undefined || known.schema === served.schema) throw error;
        return run(known);
      }
    },
    close: () => clearInterval(timer),
  };
}

/** Pure: of the builds that are kept at the end of the log, the one that is served, else the one promoted last of a model that is known. */
export function servedTo(
  versions: readonly Version[],
  knows: (model: number) => model is Model = isKnownModel,
): (Version & { readonly model: Model }) | undefined {
  const readable = versions.flatMap((version) => {
    const { model, state, promotedAt } = version;
    return state === 'following' && promotedAt !== undefined && knows(model)
      ? [{ ...version, model, promotedAt }]
      : [];
  });
  const byPromotion = readable.toSorted((a, b) => b.promotedAt.getTime() - a.promotedAt.getTime());
  return readable.find(({ role }) => role === 'served') ?? byPromotion[0];
}

/** SQLSTATE of a schema, and of a table, that is not there. */
const isNotThere = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '3F000' || error.code === '42P01');
