import { createHash } from 'node:crypto';
import { cp, lstat, mkdir, readlink, rename, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { canEnter, type OrdinaryUser, ordinaryUser } from './ordinary-user.js';
import type { Report, ServerBinary } from './server-source.js';
import { formatVersion } from './version.js';

/** Where Postgres keeps its data, which program runs, and as whom. */
export type PostgresPlace = {
  readonly data: string;
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  /** Absent: as whoever runs this process. */
  readonly user?: OrdinaryUser;
};

/**
 * As an ordinary user everything lies in the home. As root Postgres runs as another user; what that user cannot reach
 * (a clone or a cache below /root) moves to a directory of its own below /var/lib, with a link from the home.
 */
export const placePostgres = async (
  home: string,
  binary: ServerBinary,
  report: Report,
): Promise<PostgresPlace> => {
  const user = await ordinaryUser();
  const inHome = join(home, 'postgres');
  if (!user) return { data: inHome, command: binary.command, env: binary.env };
  const data = await reachableData(home, inHome, user, report);
  const command = await reachableCommand(home, binary, user, report);
  return { data, command, env: binary.env, user };
};

/** Directory for what another user must reach; named after the home, so that two homes never share it. */
export const outsideHome = (home: string): string =>
  `/var/lib/parley-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`;

const reachableData = async (
  home: string,
  inHome: string,
  user: OrdinaryUser,
  report: Report,
): Promise<string> => {
  const link = await readlink(inHome).catch(() => undefined);
  if (link !== undefined) {
    await mkdir(dirname(link), { recursive: true, mode: 0o755 });
    return link;
  }
  if ((await exists(inHome)) || (await canEnter(user, home))) return inHome;
  const outside = join(outsideHome(home), 'postgres');
  report(
    `Postgres: the user ${user.name} cannot enter ${home}; its data lies in ${outside}, linked from there`,
  );
  await mkdir(dirname(outside), { recursive: true, mode: 0o755 });
  await setAside(outside, report);
  await symlink(outside, inHome);
  return outside;
};

/** Data of an earlier home of this name, which was deleted, cannot be opened with this one's password. */
const setAside = async (outside: string, report: Report): Promise<void> => {
  if (!(await exists(outside))) return;
  const aside = `${outside}.before-${new Date().toISOString().replaceAll(':', '')}`;
  await rename(outside, aside);
  report(`Postgres: data of an earlier, deleted home is kept in ${aside}`);
};

const reachableCommand = async (
  home: string,
  binary: ServerBinary,
  user: OrdinaryUser,
  report: Report,
): Promise<string> => {
  const bin = dirname(binary.command);
  if (await canEnter(user, bin)) return binary.command;
  const installation = dirname(bin);
  const copy = join(outsideHome(home), `postgres-${formatVersion(binary.version)}`);
  if (!(await stat(copy).catch(() => undefined))) {
    report(`Postgres: the user ${user.name} cannot enter ${bin}; its programs are copied to ${copy}`);
    await mkdir(dirname(copy), { recursive: true, mode: 0o755 });
    await cp(installation, `${copy}.new`, { recursive: true, verbatimSymlinks: true });
    await rename(`${copy}.new`, copy);
  }
  return join(copy, relative(installation, binary.command));
};

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );
