import type { Version } from './version.js';

export type ServerName = 'nats' | 'postgres' | 'redis';

export type Report = (line: string) => void;

/** A program that is on this machine and good enough. */
export type ServerBinary = {
  readonly kind: 'binary';
  readonly command: string;
  readonly version: Version;
  /** For people: where the program came from. */
  readonly origin: string;
  /** What the program needs in its environment, such as LD_LIBRARY_PATH. */
  readonly env: Readonly<Record<string, string>>;
};

/** A way to obtain a program that is not on this machine; `fill` puts it into an empty directory. */
export type Fetch = {
  /** Directory name below the cache; names source and version, so that a new pin is a new entry. */
  readonly id: string;
  readonly from: string;
  /** False where this way cannot work at all, e.g. apt without apt. */
  readonly applies: () => Promise<boolean>;
  readonly fill: (directory: string, report: Report) => Promise<void>;
  /** The program inside the filled directory. */
  readonly command: (directory: string) => Promise<string>;
  readonly env?: (directory: string) => Promise<Readonly<Record<string, string>>>;
};

/** Everything there is to know about where one server may come from, in the order in which it is tried. */
export type ServerSource = {
  readonly name: ServerName;
  readonly title: string;
  readonly urlVariable: 'NATS_URL' | 'DATABASE_URL' | 'REDIS_URL';
  readonly minimum: Version;
  /** Programs that may already be on this machine; need not exist. */
  readonly candidates: () => Promise<readonly string[]>;
  readonly fetches: readonly Fetch[];
  readonly image: string;
  /** The command that mends what is missing. */
  readonly mend: string;
};
