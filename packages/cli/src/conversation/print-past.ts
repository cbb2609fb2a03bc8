import { reactionsTo } from '@parley/domain/history/timeline';
import { grouped, paints } from '../terminal/print.js';
import { number, tableOf } from '../terminal/table.js';
import type { MessageThen, Past } from './past.js';

/** Members in the table; --json has all. */
const MOST_MEMBERS = 20;

/** A conversation at a moment, for people: what it was, who was in it, and what was said, as a chat. Times are UTC. */
export function printPast(past: Past): string {
  return `${[...header(past), '', ...membersTable(past), ...chat(past)].join('\n')}\n`;
}

const { bold, dim, yellow, red } = paints(process.stdout);

function header({ read, title, erasedAt }: Past): readonly string[] {
  const { history, at, head, unreadable } = read;
  const { kind, members, ttl, closed, expiresAt, hold, pins, holes } = history;
  const name =
    title !== undefined && 'title' in title
      ? `${title.title} (${history.conversationId})`
      : history.conversationId;
  const facts = [
    kind ?? 'of a kind that is not known',
    `${grouped(members.size)} member${members.size === 1 ? '' : 's'}`,
    `${grouped(history.messages)} message${history.messages === 1 ? '' : 's'} so far`,
    ttl === null ? 'messages stay' : `messages live ${grouped(ttl)} s`,
    ...(closed ? ['closed'] : []),
    ...(expiresAt === null ? [] : [`ends ${timeOf(expiresAt)}`]),
    ...(pins.size === 0 ? [] : [pinned([...pins.keys()])]),
  ];
  return [
    bold(name),
    `after event ${grouped(history.revision)} of ${grouped(head)}, at ${timeOf(at)}`,
    facts.join(', '),
    ...(hold === null
      ? []
      : [yellow(`on legal hold since ${timeOf(hold.since)} by ${hold.by}: ${hold.reason}`)]),
    ...(history.erasedAt === null ? [] : [red(`erased at ${timeOf(history.erasedAt)}`)]),
    ...(erasedAt === undefined
      ? []
      : [red(`erased since, at ${timeOf(erasedAt)}: nothing opens what was said`)]),
    ...(holes.unclaimed === 0
      ? []
      : [red(`${grouped(holes.unclaimed)} events of before are missing: what they did is missing here too`)]),
    ...unreadable.map(({ streamSeq, reason }) =>
      red(`the event at ${streamSeq} of the stream cannot be read: ${reason}`),
    ),
  ];
}

/** Seqs of pinned messages, the newest of many. */
const pinned = (seqs: readonly number[]): string =>
  `pinned ${seqs.length > MOST_PINS ? `${grouped(seqs.length)}, at last ` : ''}${seqs
    .slice(-MOST_PINS)
    .map((seq) => `#${seq}`)
    .join(' ')}`;
const MOST_PINS = 5;

function membersTable({ members }: Past): readonly string[] {
  if (members.length === 0) return [dim('nobody is a member')];
  const rows = members
    .slice(0, MOST_MEMBERS)
    .map(({ user, role, since, delivered, read, unread, exact }) => [
      user,
      role,
      grouped(since),
      grouped(delivered),
      grouped(read),
      `${exact ? '' : 'at least '}${grouped(unread)}`,
    ]);
  const columns = ['member', 'role', number('since'), number('received'), number('read'), number('unread')];
  const rest = members.length - rows.length;
  return [
    tableOf(columns, rows),
    ...(rest > 0 ? [dim(`… and ${grouped(rest)} more; --json has them all`)] : []),
  ];
}

function chat({ messages, hasMoreMessages }: Past): readonly string[] {
  if (messages.length === 0) return ['', dim('nothing is shown of what was said')];
  const width = Math.min(24, Math.max(...messages.map(({ message }) => message.author.length)));
  const seqWidth = Math.max(...messages.map(({ message }) => `${message.seq}`.length)) + 1;
  const lines: string[] = [];
  let day = '';
  if (hasMoreMessages) lines.push('', dim('… there are more: --limit, --before and --after show them'));
  for (const each of messages) {
    const { message } = each;
    const at = new Date(message.sentAt ?? message.at).toISOString();
    if (at.slice(0, 10) !== day) {
      day = at.slice(0, 10);
      lines.push('', bold(day));
    }
    const place = `#${message.seq}`.padStart(seqWidth);
    lines.push(
      `${dim(`${at.slice(11, 19)} ${place}`)}  ${bold(message.author.padEnd(width))}  ${sentenceOf(each)}`,
    );
  }
  return lines;
}

function sentenceOf({ message, said }: MessageThen): string {
  const { replyTo, editedAt, expiresAt } = message;
  const marks = [
    ...(editedAt === null ? [] : ['edited']),
    ...(expiresAt === null ? [] : [`until ${timeOf(expiresAt)}`]),
    ...reactionsTo(message).map(({ emoji, count }) => `${emoji} ${count}`),
  ];
  const isTold = said !== 'deleted' && said !== 'gone since';
  const quote = replyTo === null ? '' : dim(`↪ #${replyTo} `);
  return `${quote}${wordsOf(said)}${isTold && marks.length > 0 ? dim(`  (${marks.join(', ')})`) : ''}`;
}

function wordsOf(said: MessageThen['said']): string {
  if (typeof said === 'string') return dim(`[${said}]`);
  const { body, sealed } = said;
  if (body === null) return dim(sealed === 'locked' ? '[its key cannot be read]' : '[gone since]');
  if (body.kind === 'sealed') return dim('[encrypted by those who talk]');
  const words = printable(body.text);
  return body.emote ? `* ${words}` : words;
}

/** Without what would move the cursor or colour the terminal of who reads it: somebody else wrote it. */
const printable = (text: string): string =>
  [...text]
    .map((character) => (/\p{Cc}/u.test(character) ? (character === '\n' ? '\n    ' : '\ufffd') : character))
    .join('');

const timeOf = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');
