import type { Digest } from '@parley/domain/log/digest';
import type { Envelope } from '@parley/domain/log/envelope';
import type { LoggedMessage } from '@parley/infra/log/delivery';
import type { ClientBase } from 'pg';
import type { CheckpointMove, ProjectionName } from './checkpoint.js';
import type { Unfolded } from './parked/park.js';
import type { Withheld } from './parked/withheld.js';
import type { Written } from './timeline/write-changes.js';

/** What a projection makes of a batch before it touches the database. */
export type Prepared = Unfolded & {
  /** What was known to be withheld. With other knowledge it would be made otherwise. */
  readonly withheld: Withheld;
  /** Messages that count as folded. */
  readonly count: number;
  readonly digest: Digest;
  /** The conversations' events, for whoever goes on with them after the commit. */
  readonly events: readonly Envelope[];
  /** Writes the rows, inside a transaction that has moved the checkpoint. */
  readonly write: (client: ClientBase, schema: string, move: CheckpointMove) => Promise<Written>;
  /** The same into a build whose indexes are postponed, faster; fails where rows are there already. */
  readonly load?: (client: ClientBase, schema: string, move: CheckpointMove) => Promise<void>;
  /** Moves the checkpoint and writes everything by one statement, where the batch is of a kind that allows it. */
  readonly writeAtOnce?: (client: ClientBase, schema: string, move: CheckpointMove) => Promise<void>;
};

/** A way to turn a partition's stream into rows. */
export type Projection = {
  readonly name: ProjectionName;
  readonly streamOf: (partition: number) => string;
  /** Whether its stream keeps everything: what is missing there is a gap, which an erasure claims or somebody looks into. */
  readonly isWhole: boolean;
  /**
   * Decodes and folds; lets go of the event loop now and then, so that Postgres is not kept waiting meanwhile.
   *
   * @param refused why none of these can be taken, where that is known: they are parked then.
   */
  readonly prepare: (
    messages: readonly LoggedMessage[],
    withheld: Withheld,
    refused?: string,
  ) => Promise<Prepared>;
};
