import { type Finding, inspectMachine } from '@parley/infra/embedded/doctor';
import { inspectVoice } from '@parley/sfu/worker/inspect-worker';
import { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { paints } from '../terminal/print.js';
import { tableOf } from '../terminal/table.js';

/** `parley doctor`: what is there, which versions, what is missing, and the command that mends it. */
export const doctorVerb = (): Command =>
  new Command('doctor')
    .description('Say what this machine has of what Parley needs, and how to mend what is missing.')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', '\nEnds with 1 when something is missing.\n\nExample:\n  $ parley doctor')
    .action(async ({ json }: { readonly json?: true }) => {
      const findings = (await Promise.all([inspectMachine(), inspectVoice()])).flat();
      if (json) process.stdout.write(`${JSON.stringify(findings)}\n`);
      else print(findings);
      if (findings.some(({ state }) => state === 'missing')) process.exitCode = exitCodes.failed;
    });

function print(findings: readonly Finding[]): void {
  const { green, yellow, red } = paints(process.stdout);
  const paint = { good: green, 'will be fetched': yellow, missing: red };
  const rows = findings.map(({ what, state, detail }) => [what, paint[state](state), detail]);
  process.stdout.write(`${tableOf(['', 'state', 'found'], rows)}\n`);
  for (const { what, mend } of findings) {
    if (mend !== undefined) process.stdout.write(`${what}: ${mend}\n`);
  }
}
