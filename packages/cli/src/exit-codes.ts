/** How every verb ends. From 64 on, the numbers are those of sysexits.h, which scripts and process managers know. */
export const exitCodes = {
  done: 0,
  /** Something failed that is neither of those below. */
  failed: 1,
  /** What was looked at is not as it should be: a projection lags, two builds differ, an event is parked, the log is damaged. */
  unhealthy: 2,
  /** The command line does not fit. */
  usage: 64,
  /** A file's contents or name do not fit. */
  badData: 65,
  /** A file or a conversation is not there. */
  noInput: 66,
  /** A server does not answer. */
  unavailable: 69,
  /** A bug of ours. */
  bug: 70,
  /** A file that was to be written is there already, or cannot be written. */
  cannotWrite: 73,
  /** Another process has what is needed. */
  busy: 75,
  /** The token, or the user's role, does not allow it. */
  notAllowed: 77,
  /** A variable or a secret is not usable. */
  config: 78,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
