import { partitionOf } from '@parley/domain/log/partition';
import { streamName } from '@parley/infra/log/subjects';
import { schemaOf } from '@parley/infra/read-model/schema-name';
import type { Version } from '@parley/infra/read-model/versions';
import { askLog } from './ask-log.js';
import {
  anywhere,
  atOnePlace,
  CannotVerify,
  headsOf,
  type LogPlace,
  PATIENCE,
  type Wanted,
} from './at-one-place.js';
import type { Pair } from './compare-rows.js';
import { differenceOf } from './difference.js';
import { extentOf } from './extent.js';
import { type Judgement, judgeBoth } from './judge-both.js';
import { type BothSeen, lookAtBoth } from './look-at-both.js';
import type { Side } from './read-rows.js';
import { straysIn } from './strays.js';
import type { Difference, VerifiedPartition } from './verification.js';
import {
  beginProgress,
  MOST_TOLD,
  partitionsOf,
  SECOND_PATIENCE,
  type Seen,
  several,
  type VerifyWork,
} from './verify-work.js';

/** Compares a version with another, partition by partition, each at one place of the log. */
export async function verifyAgainstVersion(work: VerifyWork, wanted: Version, other: Version): Promise<Seen> {
  const strays = await straysIn(work, [wanted.version, other.version]);
  await beginProgress(work, schemaOf(other.version));
  const partitions: VerifiedPartition[] = [];
  const differences: Difference[] = [];
  const judgements: Judgement[] = [];
  for (const partition of partitionsOf(work)) {
    work.signal?.throwIfAborted();
    const { seen, judgement } = await lookTwice(work, wanted, other, partition, strays);
    if (judgement !== undefined) judgements.push(judgement);
    const { place, conversations, rows, digests, differing, own } = seen;
    const here = [...differing.values(), ...own].map((each) => differenceOf(each, partition));
    partitions.push({ partition, place, conversations, rows, digests, differing: here.length });
    differences.push(...here.slice(0, Math.max(0, MOST_TOLD - differences.length)));
  }
  const objections = objectionsOf(judgements, other.version);
  const isPart = work.partition !== undefined;
  const verdict = verdictOf(judgements);
  return {
    verdict,
    isVerified: !isPart && objections.length === 0 && (verdict === 'equal' || verdict === 'right'),
    isPart,
    objections,
    partitions,
    conversations: partitions.reduce((sum, { conversations }) => sum + conversations, 0),
    differing: partitions.reduce((sum, { differing }) => sum + differing, 0),
    differences,
  };
}

function verdictOf(judgements: readonly Judgement[]): Seen['verdict'] {
  if (judgements.length === 0) return 'equal';
  if (judgements.some(({ wrong }) => wrong > 0)) return 'wrong';
  return judgements.some(({ unjudged }) => unjudged > 0) ? 'different' : 'right';
}

function objectionsOf(judgements: readonly Judgement[], other: number): readonly string[] {
  const sum = (of: (judgement: Judgement) => number) =>
    judgements.reduce((total, judgement) => total + of(judgement), 0);
  const [parked, gaps] = [sum((each) => each.parked), sum((each) => each.gaps)];
  return [
    ...(parked > 0
      ? [
          `${several(parked, 'conversation')} parked that version ${other} has not: see \`parley dead-letters list\``,
        ]
      : []),
    ...(gaps > 0
      ? [
          `${several(gaps, 'stretch', 'stretches')} of the log are missing that version ${other} has seen: see \`parley log verify\``,
        ]
      : []),
  ];
}

/**
 * Compares a partition; and what differs once more, behind all that the log had by then: of a message that is taken out of the log at that
 * moment one build may know what is left of it and the other not yet. What differs still is judged.
 */
async function lookTwice(
  work: VerifyWork,
  wanted: Version,
  other: Version,
  partition: number,
  strays: readonly string[],
): Promise<{ readonly seen: BothSeen; readonly judgement: Judgement | undefined }> {
  const { tables, jsm, partitions } = work;
  const astray = strays.filter((id) => partitionOf(id, partitions) === partition);
  const log = askLog(jsm, partition, partitions);
  const onConversation = work.onProgress?.step;
  const options = { tables, partition, log, strays: astray, ...(onConversation && { onConversation }) };
  const first = await atBoth(
    work,
    wanted,
    other,
    { partition, atLeast: anywhere, patience: PATIENCE },
    (sides, place) => lookAtBoth(sides, place, options),
  );
  if (first.differing.size + first.own.length === 0) return { seen: first, judgement: undefined };
  const again = async (atLeast: LogPlace, patience: number) =>
    atBoth(work, wanted, other, { partition, atLeast, patience }, async (sides, place) => {
      const log = askLog(jsm, partition, partitions);
      const only = [...first.differing.keys()];
      const { differing, own } = await lookAtBoth(sides, place, {
        tables,
        partition,
        log,
        strays: astray,
        only,
      });
      const seen = { ...first, place, differing, own };
      if (differing.size + own.length === 0) return { seen, judgement: undefined };
      const stream = streamName(partition);
      const extents = [
        await extentOf(sides[0], stream, partition, place),
        await extentOf(sides[1], stream, partition, place),
      ] as const;
      return { seen, judgement: await judgeBoth(work, { tables, log, sides, extents }, seen) };
    });
  try {
    return await again(await headsOf(jsm, partition), SECOND_PATIENCE);
  } catch (error) {
    // Nobody brings the rows further: they are what they are.
    if (!(error instanceof CannotVerify)) throw error;
    return again(anywhere, PATIENCE);
  }
}

/** The one that is served is never held up; of two that are not, the one that is verified waits. */
function atBoth<A>(
  work: VerifyWork,
  wanted: Version,
  other: Version,
  place: Wanted,
  look: (sides: Pair<Side>, place: LogPlace) => Promise<A>,
): Promise<A> {
  const isHeld = wanted.role !== 'served';
  const [held, free] = isHeld ? [wanted.version, other.version] : [other.version, wanted.version];
  const resources = {
    js: work.js,
    jsm: work.jsm,
    sessions: { held: work.sessions[0], free: work.sessions[1] },
  };
  return atOnePlace(resources, { held, free }, place, (one, another, at) =>
    look(isHeld ? [one, another] : [another, one], at),
  );
}
