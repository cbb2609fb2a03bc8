import { type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines on standard output. What could carry a message's body or a credential is not written. */
export const createLog = (name: string, level: string = 'info'): Log =>
  pino({
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['token', 'password', '*.token', '*.password', '*.authorization', 'body', '*.body'],
      censor: '…',
    },
  });
