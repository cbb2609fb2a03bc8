import { Command } from 'commander';
import { exitCodeMeanings, exitCodes } from './exit-codes.js';

/** Verbs by their names, in the order in which `--help` lists them; each is loaded when it is needed, with what it needs itself. */
const verbs: Readonly<Record<string, () => Promise<() => Command>>> = {
  up: async () => (await import('./verbs/up.js')).upVerb,
  import: async () => (await import('./verbs/import-irc.js')).importVerb,
  token: async () => (await import('./verbs/token.js')).tokenVerb,
  chat: async () => (await import('./verbs/chat.js')).chatVerb,
  replay: async () => (await import('./verbs/replay.js')).replayVerb,
  query: async () => (await import('./verbs/query.js')).queryVerb,
  conversation: async () => (await import('./verbs/conversation.js')).conversationVerb,
  projections: async () => (await import('./verbs/projections.js')).projectionsVerb,
  'dead-letters': async () => (await import('./verbs/dead-letters.js')).deadLettersVerb,
  log: async () => (await import('./verbs/log.js')).logVerb,
  audit: async () => (await import('./verbs/audit.js')).auditVerb,
  devices: async () => (await import('./verbs/devices.js')).devicesVerb,
  erasure: async () => (await import('./verbs/erasure.js')).erasureVerb,
  vault: async () => (await import('./verbs/vault.js')).vaultVerb,
  voice: async () => (await import('./verbs/voice.js')).voiceVerb,
  hold: async () => (await import('./verbs/hold.js')).holdVerb,
  erase: async () => (await import('./verbs/erase.js')).eraseVerb,
  doctor: async () => (await import('./verbs/doctor.js')).doctorVerb,
};

/**
 * The command line with all of its verbs; or with the one that is named, where there is such a verb, because loading all of them takes
 * longer than most of them take.
 */
export async function parleyProgram(named = ''): Promise<Command> {
  const program = new Command('parley')
    .description('An event-sourced messaging core: start it, fill it, talk in it, read its log.')
    .version('0.1.0')
    // `--version` of the program is not that of a verb, which means a version of the read model.
    .enablePositionalOptions()
    .addHelpText('after', exitCodeHelp)
    .showHelpAfterError('(--help says more)')
    .exitOverride();
  if (Object.hasOwn(verbs, named)) return program.addCommand(await made(named));
  for (const name of Object.keys(verbs)) program.addCommand(await made(name));
  const { addCompletion } = await import('./terminal/completion.js');
  addCompletion(program);
  return program;
}

async function made(name: string): Promise<Command> {
  const verb = await (verbs[name] as (typeof verbs)[string])();
  return verb().exitOverride();
}

function exitCodeHelp(): string {
  const lines = Object.entries(exitCodes).map(
    ([name, code]) => `  ${String(code).padEnd(4)} ${exitCodeMeanings[name as keyof typeof exitCodes]}`,
  );
  return ['', 'Exit codes:', ...lines].join('\n');
}
