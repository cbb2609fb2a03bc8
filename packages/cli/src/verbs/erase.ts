import type { ParleyClient } from '@parley/client/parley-client';
import { Command } from 'commander';
import { askAsOperator, type OperatorFlags } from '../terminal/ask-as-operator.js';
import { confirm } from '../terminal/confirm.js';
import { userId, withConnection } from '../terminal/connection.js';
import { conversationId } from '../terminal/conversation-id.js';

/** `parley erase`: a conversation or a person, for everyone and for good. */
export const eraseVerb = (): Command =>
  new Command('erase')
    .description('Erase a conversation or a person, for everyone and for good.')
    .addCommand(conversationVerb().exitOverride())
    .addCommand(personVerb().exitOverride());

type Flags = OperatorFlags & { readonly yes?: true };

const conversationVerb = (): Command =>
  withConnection(
    new Command('conversation')
      .description('Erase a conversation: its messages open nowhere any more, backups included.')
      .argument('<conversation>', 'its id, which is not given again', conversationId)
      .option('--yes', 'do it without asking')
      .option('--json', 'print the answer as JSON'),
    'the operator who asks for it, a member or not; a token with the scope erase is signed',
  )
    .addHelpText(
      'after',
      '\nThis cannot be undone. A conversation on legal hold is refused.\n\nExample:\n  $ parley erase conversation ann-and-bob --as admin --yes',
    )
    .action((id: string, flags: Flags) =>
      erase(flags, `the conversation ${id}`, (client) =>
        client.call('conversation.erase', { conversationId: id }),
      ),
    );

const personVerb = (): Command =>
  withConnection(
    new Command('person')
      .description('Erase a person: their messages open nowhere any more, and they are in no conversation.')
      .argument('<user>', 'their id, under which nobody writes again', userId)
      .option('--yes', 'do it without asking')
      .option('--json', 'print the answer as JSON'),
    'the operator who asks for it, or the person; a token with the scope erase is signed',
  )
    .addHelpText(
      'after',
      '\nThis cannot be undone. Refused as long as a conversation of theirs is on legal hold.\n\nExample:\n  $ parley erase person bob --as admin --yes',
    )
    .action((user: string, flags: Flags) =>
      erase(flags, user, (client) => client.call('account.erase', { user })),
    );

async function erase(flags: Flags, what: string, call: (client: ParleyClient) => Promise<unknown>) {
  if (!flags.yes) await confirm(`Erase ${what} for good?`);
  await askAsOperator(flags, 'erase', call, `${what} is erased`);
}
