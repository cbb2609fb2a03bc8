import { DeviceId } from '@parley/domain/ids';
import type { Devices } from '@parley/domain/wire/devices';
import { Command, InvalidArgumentError } from 'commander';
import { type ConnectionFlags, openClient, withConnection } from '../terminal/connection.js';
import { minuteOf, paints } from '../terminal/print.js';

/** `parley devices`: which devices a user has, and the end of one. */
export const devicesVerb = (): Command =>
  new Command('devices')
    .description("List a user's devices, or revoke one that is lost.")
    .addCommand(listVerb().exitOverride())
    .addCommand(revokeVerb().exitOverride());

/** What the terminal's own token calls its device. */
const DEVICE = 'devices';

type Flags = ConnectionFlags & { readonly json?: true };

const listVerb = (): Command =>
  withConnection(
    new Command('list')
      .description('List the devices that are registered, and those that were revoked last.')
      .option('--json', 'print the answer as JSON, with public keys'),
    'the user whose devices they are; a token is signed',
  )
    .addHelpText('after', '\nExample:\n  $ parley devices list --as ann')
    .action(list);

const revokeVerb = (): Command =>
  withConnection(
    new Command('revoke')
      .description('End a device for good: its connections are closed and its tokens refused.')
      .argument('<device>', 'its id, as its tokens name it, registered or not', device)
      .option('--json', 'print the answer as JSON'),
    'the user whose device it is; a token is signed',
  )
    .addHelpText(
      'after',
      '\nThis cannot be undone: the person signs in there as a new device.\n\nExample:\n  $ parley devices revoke phone --as ann',
    )
    .action(revoke);

async function list(flags: Flags): Promise<void> {
  const client = await openClient(flags, DEVICE);
  try {
    const answer = await client.call('device.list', {});
    if (flags.json) return void process.stdout.write(`${JSON.stringify(answer)}\n`);
    for (const line of linesOf(answer)) process.stdout.write(`${line}\n`);
  } finally {
    client.close();
  }
}

async function revoke(wanted: string, flags: Flags): Promise<void> {
  const client = await openClient(flags, DEVICE);
  try {
    const answer = await client.call('device.revoke', { device: wanted });
    process.stdout.write(
      flags.json ? `${JSON.stringify(answer)}\n` : `${wanted} is revoked since ${timeOf(answer.at)}\n`,
    );
  } finally {
    client.close();
  }
}

function linesOf({ devices }: Devices): readonly string[] {
  if (devices.length === 0) return ['no device is registered, and none was revoked'];
  const { dim, bold } = paints(process.stdout);
  const width = Math.max(...devices.map(({ device }) => device.length));
  return devices.map(({ device, name, registeredAt, revokedAt, isMine }) => {
    const since =
      revokedAt === undefined ? `registered ${timeOf(registeredAt)}` : `revoked ${timeOf(revokedAt)}`;
    const line = [device.padEnd(width), since, name, isMine ? '(this one)' : undefined]
      .filter((part) => part !== undefined)
      .join('  ');
    if (revokedAt !== undefined) return dim(line);
    return isMine ? bold(line) : line;
  });
}

const timeOf = (at: number | undefined): string => (at === undefined ? 'never' : minuteOf(at));

function device(text: string): string {
  if (DeviceId.decode(text)._tag === 'Right') return text;
  throw new InvalidArgumentError("A device has 1 to 64 of letters, digits, '_', '-', '='.");
}
