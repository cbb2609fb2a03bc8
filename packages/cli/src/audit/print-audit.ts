import type { PartitionAudit } from '@parley/projector/audit/audit-partition';
import type { LiveDifference } from '@parley/projector/audit/live-sums';
import { grouped, paints } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';

/** Whether nothing was found. */
export const sameEverywhere = (audits: readonly PartitionAudit[]): boolean =>
  audits.every(({ replays, live }) => replays === undefined && live?.difference === undefined);

/** Prints an audit for people: a row a partition, and below what first is not equal. */
export function printAudit(audits: readonly PartitionAudit[], schema: string | undefined): void {
  const { green, red, dim } = paints(process.stdout);
  const equal = green('equal');
  const rows = audits.map(({ stream, messages, unreadable, replays, live }) => [
    stream,
    grouped(messages),
    grouped(unreadable),
    replays === undefined ? equal : red('not equal'),
    againstRows(live, { equal, differs: red('not equal'), none: dim('no rows yet') }),
  ]);
  const against = schema === undefined ? [] : [`against ${schema}`];
  const shown = schema === undefined ? rows.map((row) => row.slice(0, -1)) : rows;
  const head = ['stream', number('messages'), number('unreadable'), 'replayed twice', ...against];
  process.stdout.write(`${tableOf(head, shown)}\n`);
  for (const { stream, replays, live } of audits) {
    if (replays !== undefined) process.stdout.write(`${stream}: ${replays.what}\n`);
    if (live?.difference !== undefined) process.stdout.write(`${sentenceOf(stream, live.difference)}\n`);
  }
  if (!sameEverywhere(audits)) process.stdout.write('docs/runbooks/digest-differs.md says what to do.\n');
}

function againstRows(
  live: PartitionAudit['live'],
  words: { readonly equal: string; readonly differs: string; readonly none: string },
): string {
  if (live === undefined) return words.none;
  return live.difference === undefined ? `${words.equal} at ${grouped(live.at)}` : words.differs;
}

function sentenceOf(stream: string, { from, to, suspect }: LiveDifference): string {
  const where = `${stream}:${from} to ${to}`;
  if (suspect === undefined)
    return `${where}: the rows were made of other events than the log has now; \`parley projections verify --against log\` names what differs in them`;
  switch (suspect.tag) {
    case 'gone from the log': {
      const { first, last } = suspect.gap;
      const gap = first === last ? `${stream}:${first}` : `${stream}:${first} to ${last}`;
      return `${gap} was folded and is in the log no more, and no erasure says why`;
    }
    case 'beyond the log':
      return `${stream} ends at ${suspect.last}, but its rows were made of ${to} messages: the log was replaced, or lost its end`;
    default: {
      const { tag, streamSeq, event } = suspect;
      return `${stream}:${streamSeq}, ${event.type} ${event.conversationId}:${event.seq}, was ${tag}`;
    }
  }
}
