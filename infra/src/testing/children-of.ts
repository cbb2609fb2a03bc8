import { readdirSync, readFileSync } from 'node:fs';

/** The children of a process whose program has this name, as Linux lists them; their ids. */
export function childrenOf(pid: number, program: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => {
      try {
        const [, command = '', parent] =
          /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${each}/stat`, 'utf8')) ?? [];
        // The kernel cuts a name to 15 characters.
        return Number(parent) === pid && command.startsWith(program.slice(0, 15));
      } catch {
        return false;
      }
    });
}
