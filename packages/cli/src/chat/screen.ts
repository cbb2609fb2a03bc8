import type { Interface } from 'node:readline';
import type { LiveEvent } from '@parley/domain/wire/live';
import type { MessageView } from '@parley/domain/wire/views';
import { paints } from '../terminal/print.js';
import { eventLine, messageLine } from './lines.js';
import { type Status, statusText } from './status.js';

/** Where a conversation is shown: a terminal with a prompt, lines for a pipe, or JSON for a program. */
export type Screen = {
  message(message: MessageView): void;
  event(event: LiveEvent): void;
  status(status: Status): void;
  /** A word of the client itself. */
  note(text: string, tone: 'dim' | 'yellow' | 'red'): void;
};

/** Lines above the prompt, which keeps what is being typed and says what is true just now. */
export function terminalScreen(me: string, terminal: Interface): Screen {
  const paint = paints(process.stdout);
  let shown = '';
  const above = (line: string): void => {
    process.stdout.write(`\r\u001b[K${line}\n`);
    terminal.prompt(true);
  };
  const prompt = (status: string): void =>
    terminal.setPrompt(`${status}${status === '' ? '' : ' '}${paint.dim('> ')}`);
  prompt('');
  return {
    message: (message) => above(messageLine(message, me, paint)),
    event: (event) => above(eventLine(event, me, paint)),
    status(status) {
      const text = statusText(status, paint);
      if (text === shown) return;
      shown = text;
      prompt(text);
      terminal.prompt(true);
    },
    note: (text, tone) => above(paint[tone](text)),
  };
}

/** A line for each message and event, and nothing that is true for a moment only. */
export function lineScreen(me: string): Screen {
  const paint = paints(process.stdout);
  const line = (text: string): void => void process.stdout.write(`${text}\n`);
  return {
    message: (message) => line(messageLine(message, me, paint)),
    event: (event) => line(eventLine(event, me, paint)),
    status: () => undefined,
    note: (text, tone) => line(paint[tone](text)),
  };
}

/** An object a line, told apart by `kind`. */
export function jsonScreen(): Screen {
  let shown = '';
  const line = (json: object): void => void process.stdout.write(`${JSON.stringify(json)}\n`);
  return {
    message: (message) => line({ kind: 'message', ...message }),
    event: (event) => line({ kind: 'event', ...event }),
    status(status) {
      const text = JSON.stringify(status);
      if (text !== shown) line({ kind: 'status', ...status });
      shown = text;
    },
    note: (text) => line({ kind: 'note', text }),
  };
}
