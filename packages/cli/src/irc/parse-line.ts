/** Minutes since midnight, where the line says them. */
type Timed = { readonly minute?: number };

/** Why a line is not brought over. */
export type UnreadReason =
  /** A message or action without a text. */
  | 'empty'
  /** Modes, topics, net splits, log files begun: about the channel, and a conversation has nothing like it. */
  | 'channel'
  /** `-nick:#channel- text`: sent to a channel by somebody outside it. */
  | 'notice'
  /** A text that may not be stored: a NUL, or more than 64 KiB. */
  | 'refused'
  /** A nick whose user id would have more than 64 characters. */
  | 'nick'
  /** No shape that is known. */
  | 'unknown';

/** A line of a channel's log. */
export type IrcLine = Timed &
  (
    | { readonly tag: 'message'; readonly nick: string; readonly text: string }
    | { readonly tag: 'action'; readonly nick: string; readonly text: string }
    | { readonly tag: 'join'; readonly nick: string }
    | { readonly tag: 'leave'; readonly nick: string }
    | { readonly tag: 'kick'; readonly nick: string }
    | { readonly tag: 'rename'; readonly nick: string; readonly to: string }
    | { readonly tag: 'unread'; readonly reason: UnreadReason }
  );

/**
 * Reads one line, without its line break. Never fails: what fits no shape is `unread`, with its reason. Texts are kept to
 * the letter. Shapes that occur:
 *
 *     [09:03] <nick> text                              a message
 *     [09:05]  * nick text        === nick text        an action, in newer and in older logs
 *     === nick [~user@host]  has joined #channel       a join; `has left` and `has quit` with a reason behind
 *     === nick is now known as other                   a change of nick
 *     === nick was kicked off #channel by op (why)     a kick
 */
export function parseLine(line: string): IrcLine {
  return line.startsWith('===') ? parseNotice(line) : parseTimed(line);
}

/**
 * One nick. Older logs put a blank behind every `]` (`<bur[n] er>`, `<[optik] >`), so that blank belongs to the nick as it
 * is written, though not to the nick.
 */
const NICK = String.raw`(?:[^\s<>\]]|\] ?)+`;

const shapes = {
  message: new RegExp(`^<[@+%&~ ]?(${NICK})>(?: (.*))?$`, 's'),
  // A shape of newer logs alone: a blank behind a `]` ends the nick.
  action: /^ ?\* ([^\s<>]+)(?: (.*))?$/s,
  notice: new RegExp(String.raw`^-${NICK}:#\S+- `),
  passage: new RegExp(String.raw`^=== (${NICK}) \[.*\] +has (joined|left|quit)(?: .*)?$`, 's'),
  rename: new RegExp(`^=== (${NICK}) +is now known as (${NICK})$`),
  kick: new RegExp(String.raw`^=== (${NICK}) +was kicked off #\S+ by .*$`, 's'),
  channel:
    /^=== (?:mode\/|\.\.\[topic\/|netjoined: |netsplit: |Topic (?:for #\S+:|\(#\S+\):) |Starting logfile )/,
  oldAction: new RegExp(`^=== (${NICK})(?: (.*))$`, 's'),
} as const;

function parseTimed(line: string): IrcLine {
  const stamp = /^\[(\d\d):(\d\d)(?::\d\d)?\] /.exec(line);
  if (stamp === null) return unread(line.trim() === '' ? 'empty' : 'unknown');
  const time = { minute: Number(stamp[1]) * 60 + Number(stamp[2]) };
  const rest = line.slice(stamp[0].length);
  const message = shapes.message.exec(rest);
  if (message !== null) return { ...said('message', message), ...time };
  const action = shapes.action.exec(rest);
  if (action !== null) return { ...said('action', action), ...time };
  return { ...unread(shapes.notice.test(rest) ? 'notice' : 'unknown'), ...time };
}

/** Lines that begin with `===` carry no time. */
function parseNotice(line: string): IrcLine {
  if (shapes.channel.test(line)) return unread('channel');
  const passage = shapes.passage.exec(line);
  if (passage !== null) return { tag: passage[2] === 'joined' ? 'join' : 'leave', nick: nickOf(passage[1]) };
  const rename = shapes.rename.exec(line);
  if (rename !== null) return { tag: 'rename', nick: nickOf(rename[1]), to: nickOf(rename[2]) };
  const kick = shapes.kick.exec(line);
  if (kick !== null) return { tag: 'kick', nick: nickOf(kick[1]) };
  const action = shapes.oldAction.exec(line);
  return action === null ? unread('unknown') : said('action', action);
}

function said(tag: 'message' | 'action', [, nick, text = '']: RegExpExecArray): IrcLine {
  return text.trim() === '' ? unread('empty') : { tag, nick: nickOf(nick), text };
}

const nickOf = (written: string | undefined): string => (written ?? '').replaceAll('] ', ']');
const unread = (reason: UnreadReason): IrcLine => ({ tag: 'unread', reason });
