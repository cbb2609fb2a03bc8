#!/usr/bin/env node
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { runCli } from './run-child.mjs';

/** The command `parley`, as `npx parley …` runs it: from a fresh clone too, which it first makes ready. */
await ensureInstalled();
await ensureBuilt();
runCli(process.argv.slice(2));
