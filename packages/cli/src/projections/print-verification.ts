import type { Difference, Verdict, Verification } from '@parley/projector/verify/verification';
import { grouped, paints } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';

/** Differences that are printed. */
const MOST_PRINTED = 10;

/** What was compared, how it differs, and what that means. */
export function printVerification(verification: Verification): void {
  const { partitions, differences, differing, conversations, seconds, objections } = verification;
  const { red, green, yellow, dim, bold } = paints(process.stdout);
  const shown = partitions.map(({ partition, place, rows, digests, ...each }) => {
    const sums = ([0, 1] as const).map((side) =>
      Object.values(rows).reduce((sum, pair) => sum + pair[side], 0),
    );
    return [
      partition,
      grouped(place.timeline),
      grouped(each.conversations),
      pair(grouped(sums[0] as number), grouped(sums[1] as number)),
      pair(grouped(Number(digests[0].events)), grouped(Number(digests[1].events))),
      pair(digests[0].digest.slice(0, 8), digests[1].digest.slice(0, 8)),
      each.differing === 0 ? '0' : red(grouped(each.differing)),
    ];
  });
  const lines = [
    bold(`version ${verification.version} and ${opponentOf(verification)}`),
    tableOf(COLUMNS, shown),
    ...differences.slice(0, MOST_PRINTED).map((difference) => sentenceOf(difference, verification)),
    ...(differing > MOST_PRINTED
      ? [dim(`and ${grouped(differing - Math.min(MOST_PRINTED, differences.length))} more`)]
      : []),
  ];
  const paint = { equal: green, right: yellow, wrong: red, different: red }[verification.verdict];
  lines.push(
    paint(`${verdictIn(verification)}: ${grouped(conversations)} conversations in ${seconds.toFixed(1)} s`),
  );
  for (const objection of objections) lines.push(yellow(`not verified: ${objection}`));
  if (verification.isVerified) lines.push(`version ${verification.version} is verified`);
  else if (verification.verdict === 'wrong' || verification.verdict === 'different')
    lines.push('what to do: docs/runbooks/digest-differs.md');
  process.stdout.write(`${lines.join('\n')}\n`);
}

const COLUMNS = [
  number('partition'),
  number('at'),
  number('conversations'),
  number('rows'),
  number('events'),
  'digest',
  number('differing'),
];

const pair = (one: string, other: string): string => (one === other ? one : `${one} ≠ ${other}`);

const opponentOf = ({ against }: Verification): string =>
  against === 'log' ? 'the log' : `version ${against}`;

function sentenceOf(
  { table, conversationId, key, column, values }: Difference,
  verification: Verification,
): string {
  const { conversation_id: _, ...rest } = key;
  const row = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  const where = [...(conversationId === undefined ? [] : [`conversation ${conversationId}`]), ...row].join(
    ', ',
  );
  const [mine, theirs] = values.map((value) => value ?? 'null');
  if (column !== undefined)
    return `${table}.${column} of ${where}: ${mine} here, ${theirs} in ${opponentOf(verification)}`;
  const isHere = values[0] !== null;
  return `${table} of ${where}: ${isHere ? `a row that ${opponentOf(verification)} has not` : `no row, ${opponentOf(verification)} has one`}`;
}

const verdicts: Readonly<Record<Verdict, string>> = {
  equal: 'equal',
  right: 'the log says that this version is right and the other wrong',
  wrong: 'not what the log says',
  different: 'different, in more than the log was asked about',
};

const verdictIn = ({ verdict, isPart }: Verification): string =>
  `${verdicts[verdict]}${isPart ? ', as far as was compared' : ''}`;
