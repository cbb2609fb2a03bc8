import { findProgram, type Program, type ProgramSource } from '../embedded/find-program.js';
import type { Report } from '../embedded/server-source.js';

const chromium: ProgramSource = {
  title: 'a browser',
  variable: 'PARLEY_CHROMIUM',
  names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  places: [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/snap/bin/chromium',
  ],
  // Not its start script: that looks for the rest in /usr.
  debian: { name: 'chromium', command: 'usr/lib/chromium/chromium' },
  versionArguments: ['--version', '--no-sandbox'],
};

/**
 * Finds the browser of the tests.
 *
 * @throws Error naming the command that mends it
 */
export const findChromium = (report?: Report, env?: NodeJS.ProcessEnv): Promise<Program> =>
  findProgram(chromium, { report, env });
