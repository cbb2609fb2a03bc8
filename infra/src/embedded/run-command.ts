import { execFile } from 'node:child_process';

export type CommandOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
  readonly timeoutMs?: number;
  /** Ends the program, but not what that has started and does not end itself. */
  readonly signal?: AbortSignal | undefined;
};

/** Runs a program to its end and answers its standard output; fails with the tail of what it wrote to standard error. */
export const runCommand = (
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(
      command,
      [...args],
      {
        cwd: options.cwd,
        env: { ...process.env, LC_ALL: 'C', ...options.env },
        uid: options.uid,
        gid: options.gid,
        timeout: options.timeoutMs ?? 120_000,
        signal: options.signal,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const said = (stderr || stdout).trim().split('\n').slice(-6).join('\n');
        reject(
          new Error(`${command} ${args.slice(0, 3).join(' ')}: ${said || error.message}`, { cause: error }),
        );
      },
    );
  });
