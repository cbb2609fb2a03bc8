import { readFile } from 'node:fs/promises';
import { runCommand } from './run-command.js';

export type OrdinaryUser = { readonly name: string; readonly uid: number; readonly gid: number };

/** Postgres refuses to run as root; as root it runs as `postgres` where there is such a user, else as `nobody`. */
export const ordinaryUser = async (): Promise<OrdinaryUser | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.find((fields) => fields[0] === name);
    if (account) return { name, uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new Error(
    'Postgres does not run as root, and this machine has neither a user postgres nor a user nobody',
  );
};

/** Whether that user may enter a directory: a clone below /root, mode 700, is closed to it. */
export const canEnter = async (user: OrdinaryUser, directory: string): Promise<boolean> =>
  runCommand('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], { uid: user.uid, gid: user.gid, cwd: '/' }).then(
    () => true,
    () => false,
  );
