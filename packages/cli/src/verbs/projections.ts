import { Command } from 'commander';
import { dropVerb } from '../projections/drop.js';
import { promoteVerb } from '../projections/promote.js';
import { rebuildVerb } from '../projections/rebuild.js';
import { rollbackVerb } from '../projections/rollback.js';
import { statusVerb } from '../projections/status.js';
import { verifyVerb } from '../projections/verify.js';

/** `parley projections`: the builds of the read model. */
export const projectionsVerb = (): Command =>
  new Command('projections')
    .description(
      'Look at the versions of the read model, build the next one beside the live one, compare and switch.',
    )
    .addCommand(statusVerb().exitOverride())
    .addCommand(verifyVerb().exitOverride())
    .addCommand(rebuildVerb().exitOverride())
    .addCommand(promoteVerb().exitOverride())
    .addCommand(rollbackVerb().exitOverride())
    .addCommand(dropVerb().exitOverride());
