import { grouped } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';
import type { ImportedLine } from './run-import.js';
import { emptyTally, isUnread, summary, type Tally, unreadKinds, unreadWords } from './tally.js';

/** What an import has done so far. */
export type ImportReport = {
  readonly tally: Tally;
  /** Commands sent now; commands that an earlier run had done; people who had to make room. */
  readonly sent: number;
  readonly skipped: number;
  readonly retired: number;
  readonly latin1: number;
  /** Lines not understood, as `file:line why`, if they were asked for. */
  readonly unread: readonly string[];
};

export const createReport = (): ImportReport => ({
  tally: emptyTally,
  sent: 0,
  skipped: 0,
  retired: 0,
  latin1: 0,
  unread: [],
});

/** The report after one more line. `unread` grows in place: there may be many. */
export function addLine(report: ImportReport, line: ImportedLine): ImportReport {
  if (isUnread(line.kind)) {
    (report.unread as string[]).push(`${line.path}:${line.number} ${unreadWords[line.kind]}`);
  }
  return {
    ...report,
    tally: { ...report.tally, [line.kind]: report.tally[line.kind] + 1 },
    sent: report.sent + line.sent,
    skipped: report.skipped + line.skipped,
    retired: report.retired + line.retired,
  };
}

/** The report as one JSON object. */
export const reportJson = ({ tally, unread, ...counts }: ImportReport, showUnread: boolean): string =>
  JSON.stringify({ ...summary(tally), ...counts, ...(showUnread ? { unread } : {}) });

/** The report as a table: five numbers that sum to the lines read, with what is in them. */
export function reportTable({ tally, sent, skipped, retired, latin1 }: ImportReport): string {
  const { lines, messages, actions, membership, nickChanges, notUnderstood } = summary(tally);
  const unread = unreadKinds
    .filter((kind) => tally[kind] > 0)
    .map((kind) => `${unreadWords[kind]} ${grouped(tally[kind])}`);
  const table = tableOf(
    ['lines', number('count'), ''],
    [
      [
        'messages',
        grouped(messages),
        latin1 > 0 ? `${grouped(latin1)} lines were not UTF-8, read as Latin-1` : '',
      ],
      ['actions', grouped(actions), ''],
      [
        'membership',
        grouped(membership),
        `joins ${grouped(tally.join)}, leaves ${grouped(tally.leave)}, kicks ${grouped(tally.kick)}`,
      ],
      ['nick changes', grouped(nickChanges), ''],
      ['not understood', grouped(notUnderstood), unread.join(', ')],
      ['lines read', grouped(lines), 'the sum of those above'],
    ],
  );
  const made = `${grouped(sent)} commands sent, ${grouped(skipped)} done before`;
  const room = retired > 0 ? `, ${grouped(retired)} people retired to make room` : '';
  return `${table}\n${made}${room}\n`;
}
