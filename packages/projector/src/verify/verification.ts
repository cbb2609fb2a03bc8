import type { LogPlace } from './at-one-place.js';
import type { Pair } from './compare-rows.js';

/** A place in the rows where a version is not what it is compared with. */
export type Difference = {
  readonly partition: number;
  readonly table: string;
  /** Undefined where the table's rows are of a partition. */
  readonly conversationId: string | undefined;
  /** The columns of the row's key. */
  readonly key: Readonly<Record<string, string>>;
  /** The first column that differs; undefined where one side has no such row. */
  readonly column: string | undefined;
  /** Of the version, and of what it is compared with: the column's values, or `there` and null for a row. Long ones are shortened. */
  readonly values: Pair<string | null>;
};

/** What was compared of a partition, and where. */
export type VerifiedPartition = {
  readonly partition: number;
  readonly place: LogPlace;
  readonly conversations: number;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, Pair<number>>>;
  /** Of the timeline: events folded, and their sum. */
  readonly digests: Pair<{ readonly events: string; readonly digest: string }>;
  readonly differing: number;
};

/**
 * `equal`: no row differs. `right`: rows differ, and the log says that all that do are wrong in the other version and right in this one. `wrong`: the
 * log says that some are not as they should be here. `different`: they differ, and more of them than the log was asked about.
 */
export type Verdict = 'equal' | 'right' | 'wrong' | 'different';

export type Verification = {
  readonly version: number;
  /** A version, or the log. */
  readonly against: number | 'log';
  readonly verdict: Verdict;
  /** Whether it may be served: equal or right, compared as a whole, and with nothing to object to. */
  readonly isVerified: boolean;
  /** Not all of it was compared: a partition alone, or a sample. */
  readonly isPart: boolean;
  /** Why not, as sentences. */
  readonly objections: readonly string[];
  readonly partitions: readonly VerifiedPartition[];
  readonly conversations: number;
  /** Conversations, and partitions' own rows, that differ. */
  readonly differing: number;
  /** The first of some of them, in the order of partitions and ids. */
  readonly differences: readonly Difference[];
  readonly seconds: number;
};
