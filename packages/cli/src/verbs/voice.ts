import { Command } from 'commander';
import { callsVerb } from '../voice/calls.js';
import { drainVerb } from '../voice/drain.js';
import { nodesVerb } from '../voice/nodes.js';

/** `parley voice`: the nodes that carry calls. */
export const voiceVerb = (): Command =>
  new Command('voice')
    .description('Look after the SFU nodes that carry calls.')
    .addCommand(nodesVerb().exitOverride())
    .addCommand(callsVerb().exitOverride())
    .addCommand(drainVerb().exitOverride());
