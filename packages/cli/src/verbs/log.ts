import { Command } from 'commander';
import { inspectVerb } from '../log/inspect.js';
import { verifyVerb } from '../log/verify.js';

/** `parley log`: the log itself, without what is made of it. */
export const logVerb = (): Command =>
  new Command('log')
    .description('Look at the log itself: what it consists of, and whether it is whole.')
    .addCommand(inspectVerb().exitOverride())
    .addCommand(verifyVerb().exitOverride());
