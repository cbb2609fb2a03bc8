import { existsSync } from 'node:fs';
import { fail, inRoot } from './workspace.mjs';

/** The Node that the workspace runs on: the one among its dependencies, else the one that runs this if it is new enough. */
export const nodeBinary = () => {
  const own = inRoot('node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(own)) return own;
  if (Number.parseInt(process.versions.node, 10) >= 22) return process.execPath;
  return fail(
    `Parley runs on Node 24. No package ships it for ${process.platform}-${process.arch}, and this is ${process.version}: ` +
      'install Node 22 or newer and run this again',
  );
};
