import { createInterface, type Interface } from 'node:readline';
import type { ParleyClient } from '@parley/client/parley-client';
import { RefusalError } from '@parley/client/refusal-error';
import { directConversationId } from '@parley/domain/ids';
import { Command } from 'commander';
import { eventLine, messageLine } from '../chat/lines.js';
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
      .option('--with <user>', 'the direct conversation with this user, made if it is not there', userId),
    'who you are in the local stack',
  )
    .addHelpText(
      'after',
      '\nIn it, /older shows the page before, /me does something, /quit leaves.\n\nExample:\n  $ parley chat irc-2007-06-04-train-a\n  $ parley chat --as ann --with bob',
    )
    .action(chat);

type ChatFlags = ConnectionFlags & { readonly with?: string };

/** Messages shown at once. */
const PAGE = 20;

async function chat(conversation: string | undefined, flags: ChatFlags): Promise<void> {
  const client = await openClient(flags, 'chat');
  try {
    if (flags.with !== undefined) await talk(client, await direct(client, flags.with));
    else if (conversation !== undefined) await talk(client, conversation);
    else await list(client);
  } finally {
    client.close();
  }
}

async function list(client: ParleyClient): Promise<void> {
  const { bold, dim } = paints(process.stdout);
  const { conversations, hasMore } = await client.conversations({ limit: 50 });
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

async function talk(client: ParleyClient, conversationId: string): Promise<void> {
  const paint = paints(process.stdout);
  let terminal: Interface | undefined;
  const show = (line: string): void => showAbove(terminal, line);
  const page = await client.messages(conversationId, { limit: PAGE });
  let older = page.hasMore ? page.nextCursor : undefined;
  for (const message of page.messages) show(messageLine(message, client.user, paint));
  let shown = page.messages.at(-1)?.seq ?? 0;
  const read = (seq: number): void => {
    // A watermark that is late moves with the next one.
    void client.mark({ conversationId, delivered: seq, read: seq }).catch(() => undefined);
  };
  if (shown > 0) read(shown);

  client.on('event', (event) => {
    if (event.conversationId !== conversationId || event.seq <= shown) return;
    shown = event.seq;
    show(eventLine(event, client.user, paint));
    read(shown);
  });
  client.on('state', ({ tag }) => {
    if (tag === 'waiting') show(paint.yellow('not connected; what you send waits'));
    if (tag === 'stopped') terminal?.close();
  });

  const showOlder = async (): Promise<void> => {
    if (older === undefined) return show(paint.dim('that is the beginning'));
    const before = await client.messages(conversationId, { limit: PAGE, before: older });
    older = before.hasMore ? before.nextCursor : undefined;
    for (const message of before.messages) show(messageLine(message, client.user, paint));
    show(paint.dim('— older until here —'));
  };
  const obey = async (line: string): Promise<unknown> => {
    if (line === '/older') return showOlder();
    if (line.startsWith('/me ')) return client.send(conversationId, { text: line.slice(4), emote: true });
    return line.trim() === '' ? undefined : client.send(conversationId, { text: line });
  };

  const underWay: Promise<unknown>[] = [];
  terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: process.stdout.isTTY ? paint.dim('> ') : '',
  });
  terminal.prompt();
  for await (const line of terminal) {
    if (line.trim() === '/quit') break;
    underWay.push(obey(line).catch((error: Error) => show(paint.red(error.message))));
    terminal.prompt();
  }
  terminal.close();
  // A pipe ends before what it said is answered.
  await Promise.all(underWay);
}

/** A line above the prompt, which keeps what is being typed. */
function showAbove(terminal: Interface | undefined, line: string): void {
  if (!process.stdout.isTTY) return void process.stdout.write(`${line}\n`);
  process.stdout.write(`\r\u001b[K${line}\n`);
  terminal?.prompt(true);
}
