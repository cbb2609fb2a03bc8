import { type FindProgramOptions, findProgram, type Program, type ProgramSource } from './find-program.js';

const ffmpeg: ProgramSource = {
  title: 'ffmpeg',
  variable: 'PARLEY_FFMPEG',
  names: ['ffmpeg'],
  places: [],
  debian: { name: 'ffmpeg', command: 'usr/bin/ffmpeg' },
  versionArguments: ['-version'],
};

/**
 * Finds the program that makes broadcasts of calls.
 *
 * @throws Error naming the command that mends it
 */
export const findFfmpeg = (options?: FindProgramOptions): Promise<Program> => findProgram(ffmpeg, options);
