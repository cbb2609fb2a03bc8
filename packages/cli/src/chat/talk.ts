import { createInterface, type Interface } from 'node:readline';
import type { ParleyClient } from '@parley/client/parley-client';
import type { LiveEvent } from '@parley/domain/wire/live';
import { LIVES, readLife } from './life.js';
import { jsonScreen, lineScreen, type Screen, terminalScreen } from './screen.js';
import { followStatus, type StatusLine } from './status.js';

/** Messages shown at once. */
const PAGE = 20;

/** `ttl` is the life of what is sent, in seconds; without it that of the conversation. */
export type TalkFlags = { readonly json: boolean; readonly ttl?: number };

/** Shows a conversation and sends what is typed, until the input ends or says /quit. */
export async function talk(
  client: ParleyClient,
  conversationId: string,
  { json: asJson, ttl }: TalkFlags,
): Promise<void> {
  const life = ttl === undefined ? {} : { ttl };
  // What comes while the page is on its way is not on it.
  const early: LiveEvent[] = [];
  const offEarly = client.on('event', (event) => void early.push(event));
  const newest = await client.messages(conversationId, { limit: PAGE });
  const isTerminal = process.stdout.isTTY === true && process.stdin.isTTY === true && !asJson;
  const input = createInterface({
    input: process.stdin,
    ...(isTerminal ? { output: process.stdout } : {}),
    terminal: isTerminal,
  });
  const screen = screenOf(client.user, input, isTerminal, asJson);
  let older = newest.hasMore ? newest.nextCursor : undefined;
  for (const message of newest.messages) screen.message(message);
  let shown = newest.messages.at(-1)?.seq ?? 0;
  const read = (seq: number): void => {
    // A watermark that is late moves with the next one.
    void client.mark({ conversationId, delivered: seq, read: seq }).catch(() => undefined);
  };
  if (shown > 0) read(shown);

  const show = (event: LiveEvent): void => {
    if (event.conversationId !== conversationId || event.seq <= shown) return;
    shown = event.seq;
    screen.event(event);
    read(shown);
  };
  offEarly();
  client.on('event', show);
  for (const event of early) show(event);
  client.on('state', ({ tag }) => {
    if (tag === 'waiting') screen.note('not connected; what you send waits', 'yellow');
    if (tag === 'stopped') input.close();
  });
  const status = isTerminal || asJson ? keepStatus(client, conversationId, screen) : undefined;
  if (isTerminal) tellTyping(input, status);

  const showOlder = async (): Promise<void> => {
    if (older === undefined) return screen.note('that is the beginning', 'dim');
    const before = await client.messages(conversationId, { limit: PAGE, before: older });
    older = before.hasMore ? before.nextCursor : undefined;
    for (const message of before.messages) screen.message(message);
    screen.note('— older until here —', 'dim');
  };
  const setLife = async (text: string): Promise<unknown> => {
    const seconds = text === 'off' ? null : readLife(text);
    if (seconds === undefined) return screen.note(`${LIVES} Or off.`, 'red');
    return client.setTtl(conversationId, seconds);
  };
  const obey = async (line: string): Promise<unknown> => {
    if (line === '/older') return showOlder();
    if (line.startsWith('/ttl ')) return setLife(line.slice(5).trim());
    const done = line.startsWith('/me ') ? line.slice(4).trim() : '';
    if (done !== '') return client.send(conversationId, { text: done, emote: true, ...life });
    return line.trim() === '' ? undefined : client.send(conversationId, { text: line, ...life });
  };

  const underWay: Promise<unknown>[] = [];
  if (isTerminal) input.prompt();
  for await (const line of input) {
    if (line.trim() === '/quit') break;
    status?.typed('');
    underWay.push(obey(line).catch((error: Error) => screen.note(error.message, 'red')));
    if (isTerminal) input.prompt();
  }
  input.close();
  // A pipe ends before what it said is answered.
  await Promise.all(underWay);
  status?.close();
}

function screenOf(me: string, input: Interface, isTerminal: boolean, asJson: boolean): Screen {
  if (asJson) return jsonScreen();
  return isTerminal ? terminalScreen(me, input) : lineScreen(me);
}

function keepStatus(client: ParleyClient, conversationId: string, screen: Screen): StatusLine {
  const status = followStatus(client, conversationId, () => screen.status(status.status()));
  return status;
}

/** Readline has taken the key by then: the line is as it is after it. */
function tellTyping(input: Interface, status: StatusLine | undefined): void {
  process.stdin.on('keypress', () => status?.typed(input.line));
}
