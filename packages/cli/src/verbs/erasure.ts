import { Command } from 'commander';
import { checkVerb } from '../erasure/check.js';
import { keyVerb } from '../erasure/key.js';
import { verifyVerb } from '../erasure/verify.js';

/** `parley erasure`: what was erased, shown to be gone. */
export const erasureVerb = (): Command =>
  new Command('erasure')
    .description('Show that what was erased can be read by nobody, and check such a certificate.')
    .addCommand(verifyVerb().exitOverride())
    .addCommand(checkVerb().exitOverride())
    .addCommand(keyVerb().exitOverride());
