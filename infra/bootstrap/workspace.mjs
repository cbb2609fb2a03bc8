import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. Everything here runs on Node 20 and depends on nothing: it is what makes the rest run. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

export const inRoot = (...parts) => join(root, ...parts);

export const manifest = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));

/** Directories of the packages, as the compiler knows them; some have a second project, named by its file. */
export const projects = JSON.parse(readFileSync(inRoot('tsconfig.json'), 'utf8'))
  .references.map(({ path }) => path)
  .filter((path) => !path.endsWith('.json'));

/** Progress goes to standard error: standard output belongs to the command that runs afterwards. */
export const say = (line) => process.stderr.write(`parley: ${line}\n`);

/** Ends the process with a sentence instead of a stack trace. */
export const fail = (sentence, code = 1) => {
  say(sentence);
  process.exit(code);
};
