import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import completion from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/**
 * Adds what shells ask when somebody presses tab, and `completion <shell>`, which prints the script that makes them ask. The library
 * completes verbs, options and choices and, for itself, no files: what is said to be a `<file>` is completed here.
 */
export function addCompletion(program: Command): void {
  const { commands } = completion(program, { completionCommandName: 'completion' });
  for (const [name, { options, arguments: args }] of commands) {
    const verb = verbOf(program, name);
    for (const { long, flags } of verb?.options ?? []) {
      const option = options.get(long?.slice(2) ?? '');
      if (option !== undefined && /<(file|path)>$/.test(flags)) option.handler = completeFile;
    }
    for (const argument of args.values())
      if (argument.name === 'file' || argument.name === 'files') argument.handler = completeFile;
  }
}

const verbOf = (program: Command, path: string): Command | undefined =>
  path
    .split(' ')
    .reduce<Command | undefined>(
      (verb, name) => verb?.commands.find((each) => each.name() === name),
      program,
    );

/** Files whose path begins with the last word of the line; directories with a slash behind, to go on. */
function completeFile(complete: (path: string, description: string) => void): void {
  const typed = process.argv.at(-1) ?? '';
  const directory = typed.endsWith('/') ? typed : dirname(typed);
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = typed.includes('/') ? join(directory, entry.name) : entry.name;
      complete(entry.isDirectory() ? `${path}/` : path, '');
    }
  } catch {
    // No such directory: nothing to complete.
  }
}
