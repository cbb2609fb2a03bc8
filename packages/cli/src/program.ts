import { Command } from 'commander';
import { exitCodeMeanings, exitCodes } from './exit-codes.js';
import { addCompletion } from './terminal/completion.js';
import { auditVerb } from './verbs/audit.js';
import { chatVerb } from './verbs/chat.js';
import { conversationVerb } from './verbs/conversation.js';
import { deadLettersVerb } from './verbs/dead-letters.js';
import { devicesVerb } from './verbs/devices.js';
import { doctorVerb } from './verbs/doctor.js';
import { eraseVerb } from './verbs/erase.js';
import { erasureVerb } from './verbs/erasure.js';
import { holdVerb } from './verbs/hold.js';
import { importVerb } from './verbs/import-irc.js';
import { logVerb } from './verbs/log.js';
import { projectionsVerb } from './verbs/projections.js';
import { queryVerb } from './verbs/query.js';
import { replayVerb } from './verbs/replay.js';
import { tokenVerb } from './verbs/token.js';
import { upVerb } from './verbs/up.js';
import { vaultVerb } from './verbs/vault.js';

/** All verbs of the command line, by the order in which `--help` lists them. */
export function parleyProgram(): Command {
  const program = new Command('parley')
    .description('An event-sourced messaging core: start it, fill it, talk in it, read its log.')
    .version('0.1.0')
    // `--version` of the program is not that of a verb, which means a version of the read model.
    .enablePositionalOptions()
    .addHelpText('after', exitCodeHelp)
    .showHelpAfterError('(--help says more)')
    .exitOverride();
  for (const verb of [
    upVerb,
    importVerb,
    tokenVerb,
    chatVerb,
    replayVerb,
    queryVerb,
    conversationVerb,
    projectionsVerb,
    deadLettersVerb,
    logVerb,
    auditVerb,
    devicesVerb,
    erasureVerb,
    vaultVerb,
    holdVerb,
    eraseVerb,
    doctorVerb,
  ]) {
    program.addCommand(verb().exitOverride());
  }

  addCompletion(program);
  return program;
}

function exitCodeHelp(): string {
  const lines = Object.entries(exitCodes).map(
    ([name, code]) => `  ${String(code).padEnd(4)} ${exitCodeMeanings[name as keyof typeof exitCodes]}`,
  );
  return ['', 'Exit codes:', ...lines].join('\n');
}
