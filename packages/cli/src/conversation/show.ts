import { type Moment, readMoment } from '@parley/domain/history/moment';
import { type PastRead, readHistory } from '@parley/infra/log/read-history';
import { logTime } from '@parley/infra/runtime/log-time';
import { variables } from '@parley/infra/runtime/variables';
import { openVault } from '@parley/infra/vault/open-vault';
import { Command, InvalidArgumentError } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { exitCodes } from '../exit-codes.js';
import { CliError } from '../terminal/cli-error.js';
import { conversationId } from '../terminal/conversation-id.js';
import { natsOption, openLog } from '../terminal/log-access.js';
import { givenMasterKeys } from '../terminal/master-keys.js';
import { writeText } from '../terminal/print.js';
import { pastOf, type Read } from './past.js';
import { pastJson } from './past-json.js';
import { printPast } from './print-past.js';
import { explainTransfer } from './transfer-error.js';

/** `parley conversation show`: a conversation as it was, from the log alone. */
export const showVerb = (): Command =>
  new Command('show')
    .description(
      'Show a conversation as it was after an event or at a time: people, roles, unread, and what was said.',
    )
    .argument('<id>', 'the conversation', conversationId)
    .option(
      '--at <seq|time>',
      'after this event, or at this time (UTC unless it names a zone); else now',
      moment,
    )
    .option('--limit <n>', 'messages, at most 10,000', wholeNumber(0, 10_000), 20)
    .option('--before <seq>', 'messages before this one', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--after <seq>', 'messages after this one', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--open-bodies', 'what was said, too, by the master keys of the vault')
    .option('--json', 'print it as JSON')
    .addOption(natsOption())
    .addHelpText(
      'after',
      `
Reads the log alone. Times are those at which events were appended, also of what was said elsewhere before and imported; where they go back, the
order of the log rules: an event counts as no earlier than those before it. What is deleted, expired or erased by now is not told, whatever
moment is asked for. "at least" says that receipts of that time are forgotten.

Example:
  $ parley conversation show garden --at 2026-11-21T09:30 --open-bodies`,
    )
    .action(show);

type Flags = {
  readonly at?: Moment;
  readonly limit: number;
  readonly before?: number;
  readonly after?: number;
  readonly openBodies?: true;
  readonly json?: true;
  readonly nats?: string;
};

async function show(id: string, flags: Flags): Promise<void> {
  const { at, openBodies, json, limit, before, after } = flags;
  if (before !== undefined && after !== undefined)
    throw new CliError('give one of --before and --after', exitCodes.usage);
  const masterKeys = openBodies ? await givenMasterKeys() : undefined;
  const log = await openLog(flags.nats);
  const vault = masterKeys && (await openVault({ nats: log.nats, masterKeys }));
  try {
    const now = (await logTime(log.nats))();
    const read = readOrSayWhy(
      id,
      await readHistory(log.jsm, { conversationId: id, partitions: log.partitions, at, now }),
    );
    const past = await pastOf(log, read, {
      page: { limit, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) },
      now,
      proofOfDelivery: proofOfDelivery(),
      vault,
    });
    await writeText(process.stdout, json ? `${JSON.stringify(pastJson(past))}\n` : printPast(past));
  } catch (error) {
    explainTransfer(error);
  } finally {
    await vault?.close();
    await log.close();
  }
}

function readOrSayWhy(id: string, past: PastRead): Read {
  switch (past.tag) {
    case 'read':
      return past;
    case 'unknown':
      throw new CliError(`there is no conversation ${id} in the log`, exitCodes.noInput);
    case 'before-it-began': {
      const from = new Date(past.beganAt).toISOString();
      throw new CliError(
        past.firstSeq === 1
          ? `the conversation began later, at ${from}: ask for a time from there on`
          : `the log has lost the beginning of the conversation: it has it from event ${past.firstSeq} on, of ${from}`,
        exitCodes.noInput,
      );
    }
    case 'beyond-the-head':
      throw new CliError(
        `the newest event of the conversation is ${past.head}: ask for that, or an earlier one`,
        exitCodes.noInput,
      );
    case 'too-long':
      throw new Error('nothing bounds this reading');
    default:
      return past satisfies never;
  }
}

/** In ms; what the projectors keep to, unless they were started otherwise. */
function proofOfDelivery(): number {
  const given = variables.PARLEY_PROOF_OF_DELIVERY.decode(process.env.PARLEY_PROOF_OF_DELIVERY);
  if (E.isRight(given)) return given.right * 1_000;
  throw new CliError(
    `PARLEY_PROOF_OF_DELIVERY: ${given.left.at(-1)?.message ?? 'it does not fit'}`,
    exitCodes.config,
  );
}

function moment(text: string): Moment {
  const read = readMoment(text);
  if (E.isRight(read)) return read.right;
  throw new InvalidArgumentError(
    `${read.left.slice('at: '.length)}; 1234, 2026-11-21 or 2026-11-21T09:30+01:00 are moments.`,
  );
}

function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`A whole number from ${least} to ${most}.`);
  };
}
