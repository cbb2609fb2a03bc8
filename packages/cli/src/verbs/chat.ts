import type { ParleyClient } from '@parley/client/parley-client';
import { RefusalError } from '@parley/client/refusal-error';
import { directConversationId } from '@parley/domain/ids';
import { Command, InvalidArgumentError } from 'commander';
import { LIVES, readLife } from '../chat/life.js';
import { type TalkFlags, talk } from '../chat/talk.js';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { type ConnectionFlags, openClient, userId, withConnection } from '../terminal/connection.js';
import { paints } from '../terminal/print.js';

/** `parley chat`: a small client for the terminal. */
export const chatVerb = (): Command =>
  withConnection(
    new Command('chat')
      .description('Talk in a conversation: its newest page, then what comes; each line you type is sent.')
      .argument('[conversation]', 'its id; without it your conversations are listed')
      .option('--with <user>', 'the direct conversation with this user, made if it is not there', userId)
      .option('--ttl <seconds>', 'life of what you send: 5 to 31536000, at most the conversation’s', life)
      .option('--json', 'an object a line: messages, events, and who types, is there or has read', false),
    'who you are in the local stack',
  )
    .addHelpText(
      'after',
      '\nThe prompt says who types, whether the other is there, and how far your newest message has come: ✓ sent, ✓✓ received, ✓✓ read. /older shows the page before, /me does something, /ttl 3600 lets what is sent from now on live an hour and /ttl off for good, /quit leaves.\n\nExample:\n  $ parley chat irc-2007-06-04-train-a\n  $ parley chat --as ann --with bob',
    )
    .action(chat);

type ChatFlags = ConnectionFlags & TalkFlags & { readonly with?: string };

/** A life in seconds on the command line. */
function life(text: string): number {
  const seconds = readLife(text);
  if (seconds === undefined) throw new InvalidArgumentError(LIVES);
  return seconds;
}

async function chat(conversation: string | undefined, flags: ChatFlags): Promise<void> {
  const client = await openClient(flags, 'chat');
  try {
    if (flags.with !== undefined) await talk(client, await direct(client, flags.with), flags);
    else if (conversation !== undefined) await talk(client, conversation, flags);
    else await list(client, flags.json);
  } finally {
    client.close();
  }
}

async function list(client: ParleyClient, asJson: boolean): Promise<void> {
  const { bold, dim } = paints(process.stdout);
  const { conversations, hasMore } = await client.conversations({ limit: 50 });
  if (asJson) {
    for (const conversation of conversations) process.stdout.write(`${JSON.stringify(conversation)}\n`);
    return;
  }
  for (const { conversationId, title, unread, memberCount } of conversations) {
    const facts = dim(`${title ?? ''}  ${memberCount} members, ${unread} unread`);
    process.stdout.write(`${bold(conversationId)}  ${facts}\n`);
  }
  if (hasMore) process.stdout.write(dim('… and more\n'));
  if (conversations.length === 0)
    process.stdout.write(`${client.user} is in no conversation yet: chat --with USER\n`);
}

async function direct(client: ParleyClient, other: string): Promise<string> {
  if (other === client.user)
    throw new CliError('nobody has a direct conversation with themselves', exitCodes.usage);
  const conversationId = directConversationId(client.user, other);
  try {
    await client.call('conversation.create', { conversationId, kind: 'direct', members: [other] });
  } catch (error) {
    if (!(error instanceof RefusalError && error.tag === 'ConversationExists')) throw error;
  }
  return conversationId;
}
