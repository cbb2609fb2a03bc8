import type { ProjectionName, Share } from '../checkpoint.js';

/** A share of the work, and which messages of its stream are to be read. */
export type Stretch = { readonly share: Share; readonly after: number; readonly upTo: number };

export type Phase = 'copying' | 'loading' | 'settling' | 'indexing' | 'catching up' | 'handing over';

/** What a rebuild tells of itself, for whoever shows it. */
export type Report =
  | { readonly tag: 'begun'; readonly version: number; readonly model: number; readonly isResumed: boolean }
  | { readonly tag: 'phase'; readonly phase: Phase; readonly what: string }
  /** A round of loading or catching up begins: each share from its checkpoint to where its stream ends now. */
  | { readonly tag: 'round'; readonly stretches: readonly Stretch[] }
  | { readonly tag: 'committed'; readonly share: Share; readonly streamSeq: number; readonly events: number }
  /** Something is away; it goes on by itself. */
  | { readonly tag: 'waiting'; readonly reason: string };

/** What came of a rebuild. */
export type Rebuilt = {
  readonly version: number;
  readonly model: number;
  /** Projections copied from the version that is served. */
  readonly copied: readonly ProjectionName[];
  /** Messages of the log that this run folded. */
  readonly events: number;
  /** Ms of this run, and of each of its phases. */
  readonly ms: number;
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  /** Events that could not be taken: see `parley dead-letters`. */
  readonly parked: number;
  /** Messages that the log does not have and that nothing in it accounts for. */
  readonly missing: number;
  /** Conversations whose beginning the log does not have: how many, and the ids of some. */
  readonly incomplete: { readonly count: number; readonly some: readonly string[] };
  /** Whether a projector keeps it at the end of the log. */
  readonly isFollowed: boolean;
};
