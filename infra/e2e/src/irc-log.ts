import { pick, seeded } from './seeded.js';

/** A line of a log and what an import must make of it. */
export type WrittenLine = {
  readonly bytes: Buffer;
  readonly kind: 'message' | 'action' | 'membership' | 'nick change' | 'not understood';
  /** Of a message or an action. */
  readonly text?: string;
};

export type IrcFile = {
  readonly name: string;
  readonly conversationId: string;
  readonly lines: readonly WrittenLine[];
};

/** Logs of as many days, made up from a seed: the same seed, the same bytes. */
export function writeIrcLogs(seed: number, days: number, linesPerDay: number): readonly IrcFile[] {
  const random = seeded(seed);
  return Array.from({ length: days }, (_, day) => {
    const date = `2007-06-${String(day + 1).padStart(2, '0')}`;
    const lines = Array.from({ length: linesPerDay }, (_, index) =>
      writeLine(random, clock(Math.floor((index * 1_400) / linesPerDay)), `${date} line ${index}`),
    );
    return { name: `${date}.txt`, conversationId: `irc-${date}`, lines };
  });
}

/** Letters that a user id has, and some that it has not. */
const nicks = [
  'ann',
  'bob',
  'cid',
  'dan_',
  'eve-',
  '[optik]',
  'fay|away',
  'g`ust',
  '{hal}',
  'zoë',
  'x^y',
  'importer',
];

function writeLine(random: () => number, time: string, mark: string): WrittenLine {
  const nick = pick(random, nicks);
  const roll = random() * 100;
  if (roll < 62) return said('message', `[${time}] <${nick}> `, `${mark} ${pick(random, words)}`);
  if (roll < 64) return latin1(`[${time}] <${nick}> `, `${mark} déjà vu`);
  if (roll < 70) return said('action', `[${time}]  * ${nick} `, `waves, ${mark}`);
  if (roll < 80) return line('membership', `=== ${nick} [~${nick}@example.org]  has joined #garden`);
  if (roll < 86) return line('membership', `=== ${nick} [~${nick}@example.org]  has quit ["bye"]`);
  if (roll < 87) return line('membership', `=== ${nick} was kicked off #garden by op (${mark})`);
  if (roll < 92) return line('nick change', `=== ${nick} is now known as ${pick(random, nicks)}`);
  return line('not understood', pick(random, oddLines(time, nick)));
}

const words = [
  'hello',
  'naïve façade',
  '日本語 🎉',
  '<b>bold</b> & "quotes"',
  "it's; drop table message",
  '  spaced  ',
];

const oddLines = (time: string, nick: string): readonly string[] => [
  '',
  'a line of no shape',
  `[${time}] <${nick}> `,
  `[${time}] <${nick}> a NUL \u0000 in it`,
  `[${time}] -${nick}:#garden- from outside`,
  '=== netsplit: one.example.org two.example.org',
  `=== mode/#garden [+o ${nick}] by op`,
  `[${time}] <${'n'.repeat(70)}> a nick too long`,
];

const said = (kind: 'message' | 'action', start: string, text: string): WrittenLine => ({
  kind,
  text,
  bytes: Buffer.from(`${start}${text}`),
});

/** Old logs are of several encodings: this line is no UTF-8. */
const latin1 = (start: string, text: string): WrittenLine => ({
  kind: 'message',
  text,
  bytes: Buffer.concat([Buffer.from(start.replace('zoë', 'zoe')), Buffer.from(text, 'latin1')]),
});

const line = (kind: WrittenLine['kind'], text: string): WrittenLine => ({ kind, bytes: Buffer.from(text) });

const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
