import { Command } from 'commander';
import { showVerb } from '../conversation/show.js';

/** `parley conversation`: one conversation, from the log. */
export const conversationVerb = (): Command =>
  new Command('conversation')
    .description('Look at one conversation in the log.')
    .addCommand(showVerb().exitOverride());
