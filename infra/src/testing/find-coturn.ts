import { findProgram, type Program, type ProgramSource } from '../embedded/find-program.js';
import type { Report } from '../embedded/server-source.js';

const coturn: ProgramSource = {
  title: 'coturn',
  variable: 'PARLEY_TURNSERVER',
  names: ['turnserver'],
  places: [],
  debian: { name: 'coturn', command: 'usr/bin/turnserver' },
  versionArguments: ['--version'],
};

/**
 * Finds the TURN server of the tests.
 *
 * @throws Error naming the command that mends it
 */
export const findCoturn = (report?: Report, env?: NodeJS.ProcessEnv): Promise<Program> =>
  findProgram(coturn, { report, env });
