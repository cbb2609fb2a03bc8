import { Command } from 'commander';
import { promoteVerb } from '../projections/promote.js';
import { rollbackVerb } from '../projections/rollback.js';

/** `parley projections`: the builds of the read model. */
export const projectionsVerb = (): Command =>
  new Command('projections')
    .description(
      'Look at the versions of the read model, build the next one beside the live one, compare and switch.',
    )
    .addCommand(promoteVerb().exitOverride())
    .addCommand(rollbackVerb().exitOverride());
