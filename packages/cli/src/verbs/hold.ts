import { HoldReason } from '@parley/domain/conversation/vocabulary';
import { readHolds } from '@parley/infra/read-model/read-holds';
import { Command, InvalidArgumentError } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { askAsOperator, type OperatorFlags } from '../terminal/ask-as-operator.js';
import { CliError } from '../terminal/cli-error.js';
import { withConnection } from '../terminal/connection.js';
import { conversationId } from '../terminal/conversation-id.js';
import { databaseOption } from '../terminal/database.js';
import { runningEndpoints } from '../terminal/endpoints.js';
import { minuteOf, writeLine } from '../terminal/print.js';

/** `parley hold`: nothing of a conversation expires or is erased as long as it is on legal hold. */
export const holdVerb = (): Command =>
  new Command('hold')
    .description('Put a conversation on legal hold, lift that, or list what is held.')
    .addCommand(setVerb().exitOverride())
    .addCommand(liftVerb().exitOverride())
    .addCommand(listVerb().exitOverride());

/** What a token must be good for. */
const SCOPE = 'hold';

const setVerb = (): Command =>
  withConnection(
    new Command('set')
      .description(
        'Hold a conversation: nothing in it is deleted, expires or is erased. Its members see why.',
      )
      .argument('<conversation>', 'its id', conversationId)
      .requiredOption('--reason <text>', 'why, for its members to read', reason)
      .option('--json', 'print the answer as JSON'),
    'the operator who asks for it, a member or not; a token with the scope hold is signed',
  )
    .addHelpText(
      'after',
      '\nNeeds PARLEY_LEGAL_HOLD=on and a token with the scope hold. What is due meanwhile is hidden all the same.\n\nExample:\n  $ parley hold set ann-and-bob --reason "case 7" --as counsel',
    )
    .action((id: string, flags: OperatorFlags & { readonly reason: string }) =>
      askAsOperator(
        flags,
        SCOPE,
        (client) => client.call('conversation.hold', { conversationId: id, reason: flags.reason }),
        `${id} is on hold`,
      ),
    );

const liftVerb = (): Command =>
  withConnection(
    new Command('lift')
      .description('Lift the hold: what became due meanwhile goes within seconds.')
      .argument('<conversation>', 'its id', conversationId)
      .option('--json', 'print the answer as JSON'),
    'the operator who asks for it; a token with the scope hold is signed',
  )
    .addHelpText('after', '\nExample:\n  $ parley hold lift ann-and-bob --as counsel')
    .action((id: string, flags: OperatorFlags) =>
      askAsOperator(
        flags,
        SCOPE,
        (client) => client.call('conversation.release', { conversationId: id }),
        `${id} is not on hold`,
      ),
    );

const listVerb = (): Command =>
  new Command('list')
    .description('List the conversations on hold: why, since when, and who asked for it.')
    .addOption(databaseOption())
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ parley hold list')
    .action(list);

async function list({ database, json }: { readonly database?: string; readonly json?: true }): Promise<void> {
  const url = database ?? (await runningEndpoints('--database')).database;
  const holds = await readHolds(url).catch((error: Error) => {
    const at = new URL(url).host;
    throw new CliError(`no read model can be read at ${at}: ${error.message}`, exitCodes.unavailable);
  });
  if (holds.length === 0 && !json) return void process.stdout.write('no conversation is on hold\n');
  for (const hold of holds) {
    const line = `${hold.conversationId}  since ${minuteOf(hold.since)}  by ${hold.by}  ${hold.reason}`;
    if (!(await writeLine(process.stdout, json ? JSON.stringify(hold) : line))) return;
  }
}

function reason(text: string): string {
  if (HoldReason.decode(text)._tag === 'Right') return text;
  throw new InvalidArgumentError('1 to 500 characters.');
}
