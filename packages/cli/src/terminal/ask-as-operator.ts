import type { ParleyClient } from '@parley/client/parley-client';
import { type ConnectionFlags, openClient } from './connection.js';

/** How a verb reaches Parley, and whether it prints the answer itself. */
export type OperatorFlags = ConnectionFlags & { readonly json?: true };

/**
 * Does what takes `scope`, and prints the answer as JSON or `done`. A token that is made for it here has that scope, and names its
 * device so too.
 *
 * @throws CliError when nobody is reached
 * @throws RefusalError when it is refused
 */
export async function askAsOperator(
  flags: OperatorFlags,
  scope: string,
  call: (client: ParleyClient) => Promise<unknown>,
  done: string,
): Promise<void> {
  const client = await openClient(flags, scope, scope);
  try {
    const answer = await call(client);
    process.stdout.write(`${flags.json ? JSON.stringify(answer) : done}\n`);
  } finally {
    await client.close();
  }
}
