import { delimiter, join } from 'node:path';

/** Where a program of this name could be: the PATH, then the directories for daemons that ordinary users' PATHs leave out. */
export const searchPath = (program: string, env: NodeJS.ProcessEnv = process.env): readonly string[] => {
  const directories = [...(env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return [
    ...new Set(
      directories.filter((directory) => directory !== '').map((directory) => join(directory, program)),
    ),
  ];
};
