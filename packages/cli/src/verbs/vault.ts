import { Command } from 'commander';
import { rewrapVerb } from '../vault/rewrap.js';
import { statusVerb } from '../vault/status.js';

/** `parley vault`: the secrets that bodies are sealed under. */
export const vaultVerb = (): Command =>
  new Command('vault')
    .description('Look after the secrets that bodies are sealed under, and after the keys that wrap them.')
    .addCommand(statusVerb().exitOverride())
    .addCommand(rewrapVerb().exitOverride());
