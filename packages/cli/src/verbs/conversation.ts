import { Command } from 'commander';
import { checkVerb } from '../conversation/check.js';
import { exportVerb } from '../conversation/export.js';
import { importVerb } from '../conversation/import.js';
import { showVerb } from '../conversation/show.js';

/** `parley conversation`: one conversation, from the log. */
export const conversationVerb = (): Command =>
  new Command('conversation')
    .description('Look at one conversation in the log, or take it to another stack.')
    .addCommand(showVerb().exitOverride())
    .addCommand(exportVerb().exitOverride())
    .addCommand(importVerb().exitOverride())
    .addCommand(checkVerb().exitOverride());
