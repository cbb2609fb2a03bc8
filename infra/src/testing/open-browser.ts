import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './find-chromium.js';

/** Without a window, a sandbox that root cannot have, and anything of its own to do on the network. */
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Pages of several people are open at once: each counts as looked at.
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** Starts a real browser, for tests and measurements; its owner closes it. */
export async function openBrowser(...flags: readonly string[]): Promise<Browser> {
  const { command, env } = await findChromium((line) => process.stderr.write(`  ${line}\n`));
  return chromium.launch({
    executablePath: command,
    args: [...FLAGS, ...flags],
    env: { ...definedOnly(process.env), ...env },
  });
}

const definedOnly = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)) as Record<
    string,
    string
  >;
