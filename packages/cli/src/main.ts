import { CommanderError } from 'commander';
import { exitCodes } from './exit-codes.js';
import { parleyProgram } from './program.js';
import { explain } from './terminal/cli-error.js';
import { paints } from './terminal/print.js';

// A reader that leaves early (`| head`) is no failure: whoever writes sees that the stream is closed.
process.stdout.on('error', () => process.stdout.destroy());

try {
  const program = await parleyProgram(process.argv[2]);
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else {
    const { message, exitCode } = explain(error);
    process.stderr.write(`${paints(process.stderr).red('parley:')} ${message}\n`);
    // What failed may have left something behind that would keep the process, such as a connection still being tried.
    process.exit(exitCode);
  }
}
