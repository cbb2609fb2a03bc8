import type { LiveEvent } from '@parley/domain/wire/live';
import type { MessageView } from '@parley/domain/wire/views';
import type { paints } from '../terminal/print.js';

type Paints = ReturnType<typeof paints>;

/** A message of a page as a line. */
export function messageLine(message: MessageView, me: string, paint: Paints): string {
  const time = timeOf(message.sentAt ?? message.at, paint);
  return said(time, message.author, message, me, paint);
}

/** An event as it comes, as a line. */
export function eventLine({ type, actor, at, data }: LiveEvent, me: string, paint: Paints): string {
  const time = timeOf(typeof data.sentAt === 'number' ? data.sentAt : at, paint);
  if (type === 'message.sent') return said(time, actor, data, me, paint);
  const deed = calls[type]?.(data, actor) ?? `${deeds[type] ?? type}${about(data)}`;
  return `${time} ${paint.dim(`${shownText(actor)} ${deed}`)}`;
}

/** What is said of a call: it is no number of a message that matters there. */
const calls: Readonly<Record<string, (data: LiveEvent['data'], actor: string) => string>> = {
  'call.started': ({ media }) => (media === 'video' ? 'started a video call' : 'started a call'),
  'call.joined': () => 'joined the call',
  'call.left': ({ user, why }, actor) => {
    if (user === actor) return 'left the call';
    const who = shownText(String(user));
    return why === 'lost'
      ? `took ${who} out of the call, who was not heard any more`
      : `put ${who} out of the call`;
  },
  'call.muted': ({ user, muted }) => `${muted === true ? 'muted' : 'let speak'} ${shownText(String(user))}`,
  'call.broadcastSet': ({ source }) =>
    source === null ? 'ended the broadcast of the call' : `broadcast the call: ${source}`,
  'call.ended': () => 'ended the call',
};

const deeds: Readonly<Record<string, string>> = {
  'conversation.created': 'made the conversation',
  'conversation.renamed': 'called it',
  'conversation.ttlSet': 'set how long messages live',
  'conversation.closed': 'closed it',
  'conversation.expirySet': 'set when it ends',
  'conversation.held': 'put it on legal hold',
  'conversation.released': 'lifted the legal hold',
  'conversation.erased': 'erased it',
  'member.added': 'added',
  'member.removed': 'removed',
  'member.left': 'left',
  'member.roleSet': 'changed the role of',
  'member.banned': 'banned somebody',
  'member.unbanned': 'lifted a ban',
  'member.erased': 'erased',
  'message.edited': 'edited',
  'message.deleted': 'deleted',
  'message.reacted': 'reacted to',
  'message.pinned': 'pinned',
  'message.unpinned': 'unpinned',
  'message.expired': 'let messages end',
  'message.erased': 'took out of the log',
};

function about({
  members,
  users,
  user,
  title,
  seq,
  emoji,
  ttl,
  expiresAt,
  reason,
}: LiveEvent['data']): string {
  if (Array.isArray(members)) return ` ${listed(members.map((member) => (member as { user: string }).user))}`;
  if (Array.isArray(users)) return ` ${listed(users as string[])}`;
  if (typeof title === 'string') return ` ${shownText(title)}`;
  if (typeof user === 'string') return ` ${shownText(user)}`;
  if (typeof reason === 'string') return `: ${shownText(reason)}`;
  if (ttl !== undefined) return ttl === null ? ': for good' : `: ${ttl} s`;
  if (seq === undefined && expiresAt !== undefined)
    return expiresAt === null ? ': never' : `: ${new Date(expiresAt as number).toISOString().slice(0, 16)}Z`;
  return typeof seq === 'number'
    ? ` ${seq}${typeof emoji === 'string' ? ` with ${shownText(emoji)}` : ''}`
    : '';
}

const listed = (users: readonly string[]): string =>
  users.length > 3
    ? `${users.slice(0, 3).map(shownText).join(', ')} and ${users.length - 3} more`
    : users.map(shownText).join(', ');

function said(
  time: string,
  author: string,
  { body, sealed }: { readonly body?: unknown; readonly sealed?: unknown },
  me: string,
  paint: Paints,
): string {
  const name = author === me ? paint.bold(author) : paint.of(colourOf(author))(author);
  const text = textOf(body);
  const shown = text === undefined ? paint.dim(`(${missing(sealed)})`) : shownText(text);
  return emoteOf(body) ? `${time} * ${name} ${shown}` : `${time} ${name}: ${shown}`;
}

function missing(sealed: unknown): string {
  if (sealed === undefined) return 'deleted, or not for this client';
  return sealed === 'locked' ? 'locked for now' : 'gone';
}

function textOf(body: unknown): string | undefined {
  const { kind, text } = (body ?? {}) as { readonly kind?: string; readonly text?: string };
  return kind === 'text' ? text : undefined;
}

const emoteOf = (body: unknown): boolean => (body as { readonly emote?: true } | null)?.emote === true;

/** Others' text must not steer this terminal: control characters are shown as symbols, line breaks indent. */
export function shownText(text: string): string {
  return text
    .replace(/\r?\n/g, '\n        ')
    .replace(/(?!\n)[\p{Cc}\p{Bidi_Control}]/gu, (character) =>
      character === '\t'
        ? ' '
        : character < ' '
          ? String.fromCharCode(0x2400 + character.charCodeAt(0))
          : '\ufffd',
    );
}

function timeOf(ms: number, paint: Paints): string {
  const iso = new Date(ms).toISOString();
  const today = iso.slice(0, 10) === new Date().toISOString().slice(0, 10);
  return paint.dim(today ? iso.slice(11, 16) : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`);
}

/** The same colour for the same name; none that is hard to read on light or on dark. */
function colourOf(name: string): number {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return [32, 33, 34, 35, 36, 91, 92, 94, 95, 96][sum % 10] as number;
}
