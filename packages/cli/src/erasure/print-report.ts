import type { ErasureReport } from '@parley/infra/erasure/proof/verify';
import { grouped, paints } from '../terminal/print.js';
import { tableOf } from '../terminal/table.js';

/** Messages shown one by one; a certificate has them all. */
const MOST_SHOWN = 20;

/** Prints a report for people: what was asked, what became of each message, where it was looked for, and what is left to do. */
export function printReport(report: ErasureReport): void {
  const { bold, dim, green, red } = paints(process.stdout);
  const { messages, searched, notSearched, deadRows, verdict } = report;
  const line = (text = ''): void => void process.stdout.write(`${text}\n`);
  const left = messages.filter(({ open }) => open.length > 0);
  line(bold(scopeOf(report)));
  if (messages.length > 0) {
    const shown = [...left, ...messages.filter(({ open }) => open.length === 0)].slice(0, MOST_SHOWN);
    const rows = shown.map((message) => {
      const { conversationId, seq, ended, open } = message;
      const why = open.length > 0 ? red(open.join('\n')) : reasonOf(message);
      return [
        `${conversationId} ${seq}`,
        `${ended.at.slice(0, 19)}Z\n${dim(`${ended.cause}, by ${ended.by}`)}`,
        why,
      ];
    });
    line(tableOf(['message', 'ended', 'why nobody can read it'], rows));
    if (messages.length > MOST_SHOWN)
      line(dim(`and ${grouped(messages.length - MOST_SHOWN)} more, all in the certificate`));
  }
  for (const { store, files, bytes, sha256 } of searched)
    line(
      `${store.padEnd(8)} ${grouped(files)} files, ${grouped(bytes)} bytes searched  ${dim(sha256.slice(0, 16))}`,
    );
  for (const store of notSearched) line(`${store.padEnd(8)} not searched: its files are not here`);
  if (deadRows > 0)
    line(
      `${grouped(deadRows)} dead rows wait for a vacuum of the database; what is sealed in them opens as little as the rest`,
    );
  const sum = `${grouped(messages.length - left.length)} of ${grouped(messages.length)} messages can be read by nobody`;
  line(verdict === 'not gone' ? red(`${verdict}: ${sum}`) : green(`${verdict}: ${sum}`));
}

function scopeOf({ scope, messages }: ErasureReport): string {
  const { conversation, user, before } = scope;
  const of = [
    conversation === undefined ? undefined : `of conversation ${conversation}`,
    user === undefined ? undefined : `by ${user}`,
    before === undefined ? undefined : `that were over by ${before}`,
  ].filter((part) => part !== undefined);
  const what = messages.length === 1 ? 'message' : 'messages';
  return `${grouped(messages.length)} erased ${what} ${of.join(', ')}`.trimEnd();
}

function reasonOf({ destroyed, takenOut }: ErasureReport['messages'][number]): string {
  if (destroyed.length > 0) return `destroyed: ${destroyed.join(', ')}`;
  return takenOut ? 'taken out of the log; no copy was found' : '';
}
