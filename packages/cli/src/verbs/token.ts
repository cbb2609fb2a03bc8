import { Command, InvalidArgumentError } from 'commander';
import { localToken, userId } from '../terminal/connection.js';

/** `parley token`: a token of the local stack, for any user. */
export const tokenVerb = (): Command =>
  new Command('token')
    .description('Sign a token for a user of the local stack.')
    .argument('<user>', 'whom it is for', userId)
    .option('--scope <words>', `rights beyond those of a user, by commas: ${SCOPES.join(', ')}`, scopes)
    .option('--device <device>', 'the device it names', userId, 'cli')
    .option('--ttl <span>', 'how long it is good: a number and s, m, h or d', span, '30d')
    .option('--json', 'print an object instead of the bare token')
    .addHelpText(
      'after',
      '\nExample:\n  $ parley token ann --ttl 1d\n  $ parley token importer --scope import',
    )
    .action(async (user: string, { scope, device, ttl, json }: TokenFlags) => {
      const token = await localToken(user, device, scope, ttl);
      process.stdout.write(`${json ? JSON.stringify({ user, device, scope: scope ?? '', token }) : token}\n`);
    });

type TokenFlags = {
  readonly scope?: string;
  readonly device: string;
  readonly ttl: string;
  readonly json?: true;
};

const SCOPES: readonly string[] = ['import', 'operator', 'hold', 'erase'];

/** Scopes as a token carries them: words separated by blanks. */
function scopes(text: string): string {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const unknown = words.find((word) => !SCOPES.includes(word));
  if (unknown === undefined && words.length > 0) return words.join(' ');
  throw new InvalidArgumentError(`There are the scopes ${SCOPES.join(', ')}.`);
}

function span(text: string): string {
  if (/^[1-9]\d{0,5}[smhd]$/.test(text)) return text;
  throw new InvalidArgumentError('Such as 90s, 15m, 12h or 30d.');
}
