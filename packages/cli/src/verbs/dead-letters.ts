import { Command } from 'commander';
import { dropVerb } from '../dead-letters/drop.js';
import { listVerb } from '../dead-letters/list.js';
import { retryVerb } from '../dead-letters/retry.js';
import { showVerb } from '../dead-letters/show.js';

/** `parley dead-letters`: events that the read model could not take, and what stands still behind them. */
export const deadLettersVerb = (): Command =>
  new Command('dead-letters')
    .description('Look at events that the read model could not take, retry them, or go on without them.')
    .addCommand(listVerb().exitOverride())
    .addCommand(showVerb().exitOverride())
    .addCommand(retryVerb().exitOverride())
    .addCommand(dropVerb().exitOverride());
