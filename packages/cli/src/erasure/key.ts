import { publicKeyOf } from '@parley/infra/erasure/proof/certificate';
import { Command } from 'commander';
import { certificateKey } from './certificate-key.js';

/** `parley erasure key`: what others check certificates with. */
export const keyVerb = (): Command =>
  new Command('key')
    .description('Print the public key that certificates of this stack are signed with.')
    .option('--json', 'print an object instead of the bare key')
    .addHelpText(
      'after',
      '\nGive it to whoever is to check certificates. It is an Ed25519 key in base64url.\n\nExample:\n  $ parley erasure key',
    )
    .action(async ({ json }: { readonly json?: true }) => {
      const publicKey = publicKeyOf(await certificateKey());
      process.stdout.write(`${json ? JSON.stringify({ algorithm: 'Ed25519', publicKey }) : publicKey}\n`);
    });
