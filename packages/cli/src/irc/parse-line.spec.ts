import { describe, expect, it } from 'vitest';
import { type IrcLine, parseLine } from './parse-line.js';

const shapes: readonly (readonly [what: string, line: string, read: IrcLine])[] = [
  [
    'a message',
    '[09:03] <ann> hello there',
    { tag: 'message', nick: 'ann', text: 'hello there', minute: 543 },
  ],
  [
    'a message to the letter',
    '[00:00] <a>  two  blanks ',
    { tag: 'message', nick: 'a', text: ' two  blanks ', minute: 0 },
  ],
  [
    'a text like another message',
    '[23:59] <a> [01:02] <b> c',
    { tag: 'message', nick: 'a', text: '[01:02] <b> c', minute: 1439 },
  ],
  [
    'a text with line separators',
    '[01:00] <a> x\u2028y',
    { tag: 'message', nick: 'a', text: 'x\u2028y', minute: 60 },
  ],
  ['seconds in the time', '[09:03:59] <ann> hi', { tag: 'message', nick: 'ann', text: 'hi', minute: 543 }],
  ['the rank of an operator', '[09:03] <@ann> hi', { tag: 'message', nick: 'ann', text: 'hi', minute: 543 }],
  ['a nick with brackets', '[09:03] <[ann]> hi', { tag: 'message', nick: '[ann]', text: 'hi', minute: 543 }],
  [
    'a bracket with a blank behind',
    '[09:03] <an[n] a> hi',
    { tag: 'message', nick: 'an[n]a', text: 'hi', minute: 543 },
  ],
  [
    'a bracket with a blank at the end',
    '[09:03] <ann[x] > hi',
    { tag: 'message', nick: 'ann[x]', text: 'hi', minute: 543 },
  ],
  ['an action', '[13:56]  * ann sips a tea', { tag: 'action', nick: 'ann', text: 'sips a tea', minute: 836 }],
  [
    'an action with one blank',
    '[13:56] * ann sips',
    { tag: 'action', nick: 'ann', text: 'sips', minute: 836 },
  ],
  [
    'an action of a bracketed nick',
    '[13:56]  * [ann] waves back',
    { tag: 'action', nick: '[ann]', text: 'waves back', minute: 836 },
  ],
  ['an action of older logs', '=== ann explodes', { tag: 'action', nick: 'ann', text: 'explodes' }],
  [
    'an old action of a bracketed nick',
    '=== [0x9]  makes tea',
    { tag: 'action', nick: '[0x9]', text: 'makes tea' },
  ],
  [
    'an old action that looks like a rename',
    '=== ann is now looking',
    { tag: 'action', nick: 'ann', text: 'is now looking' },
  ],
  ['a join', '=== ann [~ann@host.example]  has joined #chan', { tag: 'join', nick: 'ann' }],
  ['a join with one blank', '=== ann [n=ann@host] has joined #Chan', { tag: 'join', nick: 'ann' }],
  ['a join of a bracketed nick', '=== [a] nn [n=a@host]  has joined #chan', { tag: 'join', nick: '[a]nn' }],
  [
    'a join with brackets in the host',
    '=== ann [[H] -85@10.0.0.1]  has joined #chan',
    { tag: 'join', nick: 'ann' },
  ],
  ['a leave', '=== ann [~a@host]  has left #chan []', { tag: 'leave', nick: 'ann' }],
  ['a leave with half a reason', '=== ann [~a@host]  has left #chan ["Sto]', { tag: 'leave', nick: 'ann' }],
  ['a quit', '=== ann [~a@host] has quit [Ping timeout]', { tag: 'leave', nick: 'ann' }],
  ['a kick', '=== ann was kicked off #chan by op (flood)', { tag: 'kick', nick: 'ann' }],
  ['a change of nick', '=== ann is now known as ann|away', { tag: 'rename', nick: 'ann', to: 'ann|away' }],
  [
    'a change of nick with brackets',
    '=== [b] n is now known as [c] m',
    { tag: 'rename', nick: '[b]n', to: '[c]m' },
  ],
  ['a message without a text', '[05:10] <ann>', { tag: 'unread', reason: 'empty', minute: 310 }],
  ['a message of blanks', '[05:10] <ann>     ', { tag: 'unread', reason: 'empty', minute: 310 }],
  ['an action without a text', '[05:10]  * ann', { tag: 'unread', reason: 'empty', minute: 310 }],
  ['an empty line', '', { tag: 'unread', reason: 'empty' }],
  ['a mode', '=== mode/#chan [+o ann]  by op', { tag: 'unread', reason: 'channel' }],
  ['a topic', '=== ..[topic/#chan:op] : welcome', { tag: 'unread', reason: 'channel' }],
  ['a topic as it was', '=== Topic for #chan: welcome', { tag: 'unread', reason: 'channel' }],
  ['who set the topic', '=== Topic (#chan): set by op at Mon Dec 4', { tag: 'unread', reason: 'channel' }],
  ['a net split mended', '=== netjoined: a.example -> b.example', { tag: 'unread', reason: 'channel' }],
  ['a log begun', '=== Starting logfile irclogs/chan.log', { tag: 'unread', reason: 'channel' }],
  ['a notice', '[01:26] -spam:#chan- buy this', { tag: 'unread', reason: 'notice', minute: 86 }],
  [
    'a layout of another client',
    '[01:09] (ann/#chan) bob: hi',
    { tag: 'unread', reason: 'unknown', minute: 69 },
  ],
  ['no layout at all', 'hello', { tag: 'unread', reason: 'unknown' }],
  ['three signs alone', '===', { tag: 'unread', reason: 'unknown' }],
];

describe('a line of a log', () => {
  for (const [what, line, read] of shapes) {
    it(`reads ${what}: ${JSON.stringify(line)}`, () => expect(parseLine(line)).toEqual(read));
  }
});
