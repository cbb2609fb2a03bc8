/** How every verb ends. From 64 on, the numbers are those of sysexits.h, which scripts and process managers know. */
export const exitCodes = {
  done: 0,
  failed: 1,
  unhealthy: 2,
  usage: 64,
  badData: 65,
  noInput: 66,
  unavailable: 69,
  bug: 70,
  cannotWrite: 73,
  busy: 75,
  notAllowed: 77,
  config: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each of them says, for --help and for docs/cli.md. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'done',
  failed: 'something failed that is none of those below',
  unhealthy:
    'what was looked at is not as it should be: a projection lags, two builds differ, an event is parked, the log is damaged, no node takes calls',
  usage: 'the command line does not fit',
  badData: "a file's contents do not fit, or events could not be read",
  noInput: 'a file, a conversation, a version, or the log itself is not there',
  unavailable: 'a server does not answer',
  bug: 'a bug of ours',
  cannotWrite: 'a file is there already, or cannot be written',
  busy: 'somebody else has what is needed',
  notAllowed: "the token, or the user's role, does not allow it",
  config: 'a variable or a secret is not usable',
  interrupted: 'Ctrl-C',
};
