import type { ParleyClient } from '@parley/client/parley-client';
import { RefusalError } from '@parley/client/refusal-error';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { type ImportTarget, readSource } from './files.js';
import { CREATE_POSITION, createPlanner, type LineKind, type PlannedCommand } from './plan.js';

/** What an import tells while it runs; called once per line. */
export type ImportListener = {
  readonly line: (line: ImportedLine) => void;
  /** Lines of a file that were not UTF-8. */
  readonly latin1: (lines: number) => void;
};

export type ImportedLine = {
  readonly path: string;
  readonly number: number;
  readonly kind: LineKind;
  /** Commands done now, and those that had been done before. */
  readonly sent: number;
  readonly skipped: number;
  readonly retired: number;
};

/** Conversations filled at once. */
const PARALLEL = 64;

/**
 * Imports conversations side by side. Within one there is one command in flight: a conversation takes the place in a
 * file as done up to there, so a later command must not overtake an earlier one.
 *
 * @throws CliError that names file and line of a command that was refused
 */
export async function runImport(
  client: ParleyClient,
  targets: readonly ImportTarget[],
  listener: ImportListener,
): Promise<void> {
  const waiting = targets.values();
  let failed = false;
  const work = async (): Promise<void> => {
    for (const target of waiting) {
      if (failed) return;
      await fill(client, target, listener, () => failed);
    }
  };
  const workers = Array.from({ length: Math.min(PARALLEL, targets.length) }, () =>
    work().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const results = await Promise.allSettled(workers);
  const broken = results.find((result) => result.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}

async function fill(
  client: ParleyClient,
  target: ImportTarget,
  listener: ImportListener,
  stopped: () => boolean,
): Promise<void> {
  const done = await openConversation(client, target);
  const plan = createPlanner({ conversationId: target.conversationId, owner: client.user });
  for (const file of target.files) {
    const source = await readSource(file);
    listener.latin1(source.latin1);
    const position = done[file.id] ?? 0;
    for (const { number, kind, commands, retired } of plan(source)) {
      if (stopped()) return;
      const due = commands.filter((command) => command.position > position);
      for (const command of due) await perform(client, command, `${file.path}:${number}`);
      listener.line({
        path: file.path,
        number,
        kind,
        sent: due.length,
        skipped: commands.length - due.length,
        retired,
      });
    }
  }
}

async function perform(
  client: ParleyClient,
  { method, params }: PlannedCommand,
  place: string,
): Promise<void> {
  try {
    await client.call(method, params as never);
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    throw new CliError(`${place}: ${method} was refused. ${error.message}`, exitCodes.failed);
  }
}

/** Makes the conversation unless it is there; how far each of its files is in it. */
async function openConversation(
  client: ParleyClient,
  { conversationId, title, files, shared }: ImportTarget,
): Promise<Readonly<Record<string, number>>> {
  const found = await producersOf(client, conversationId);
  const [first] = files;
  if (found === undefined) {
    const producer = first === undefined ? undefined : { id: first.id, position: CREATE_POSITION };
    await client.call('conversation.create', {
      conversationId,
      commandId: `${first?.id}:${CREATE_POSITION}`,
      kind: 'group',
      title,
      members: [],
      ...(producer === undefined ? {} : { producer }),
    });
    return {};
  }
  if (!shared && files.every(({ id }) => found[id] === undefined)) {
    throw new CliError(
      `${first?.path}: the conversation ${conversationId} is there and holds something else; use --into NAME`,
      exitCodes.failed,
    );
  }
  return found;
}

async function producersOf(
  client: ParleyClient,
  conversationId: string,
): Promise<Readonly<Record<string, number>> | undefined> {
  try {
    const detail = await again(() => client.call('conversation.get', { conversationId, membersLimit: 0 }));
    return detail.producers ?? {};
  } catch (error) {
    if (error instanceof RefusalError && error.tag === 'ConversationNotFound') return undefined;
    throw error;
  }
}

/** Queries are tried once by the client; here nothing is lost by waiting. */
async function again<A>(ask: () => Promise<A>): Promise<A> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof RefusalError && error.retryable) || attempt === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250 * attempt));
    }
  }
}
