import { request } from 'node:http';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { openBrowser } from '@parley/infra/testing/open-browser';
import type { Browser } from 'playwright-core';
import { type Case, median } from '../case.js';
import { withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { type OurChain, startOurChain } from '../chain/our-chain.js';
import { openWindow, webAddress } from '../chain/web-window.js';
import { withStack } from '../with-stack.js';

const CONVERSATIONS = 60;
const LIMIT_BYTES = 200_000;
const LIMIT_MS = 1_000;

/** How long the web client takes to be used, from an empty cache, and how much of it travels. */
export const webLoad: Case = {
  name: 'web-load',
  about: `first load of the web client into a fresh profile, signed in, ${CONVERSATIONS} conversations: bytes, and time until the list is there and the page is idle`,
  async run({ quick, say }) {
    const rounds = quick ? 3 : 9;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      const past = Array.from({ length: CONVERSATIONS }, (_, n) => groupOf(`web-${n}`, ['ann', 'bob']));
      await withPast(stack, nats, past.flat());
      const browser = await openBrowser();
      const loads: Load[] = [];
      const bare: number[] = [];
      for (let round = 0; round < rounds; round++) {
        loads.push(await load(browser, system));
        bare.push(await loadNothing(browser, system));
        say(`${loads.at(-1)?.readyMs.toFixed(0)} ms, an empty page ${bare.at(-1)?.toFixed(0)} ms`);
      }
      const paths = [...new Set(loads.flatMap((each) => each.urls))];
      const bytes = await Promise.all(paths.map(gzippedBytes));
      const sum = bytes.reduce((all, each) => all + each, 0);
      const ours = median(loads.map(({ readyMs }) => readyMs));
      await browser.close();
      await nats.close();
      await system.stop();
      return [
        {
          name: 'first load, bytes gzipped',
          unit: 'B',
          ours: sum,
          target: `< ${LIMIT_BYTES.toLocaleString('en')} B`,
          met: sum < LIMIT_BYTES,
          note: `${paths.length} files, fonts among them; ${median(loads.map((each) => each.bytes)).toLocaleString('en')} B travelled in the form the browser took`,
        },
        {
          name: 'first load, time to interactive',
          unit: 'ms',
          ours,
          ceiling: median(bare),
          ratio: median(loads.map(({ readyMs }, round) => readyMs / (bare[round] as number))),
          target: `< ${LIMIT_MS.toLocaleString('en')} ms`,
          met: ours < LIMIT_MS,
          note: `against an empty page of the same gateway; ${Math.min(...loads.map((each) => each.readyMs)).toFixed(0)} to ${Math.max(...loads.map((each) => each.readyMs)).toFixed(0)} over ${rounds}`,
        },
      ];
    });
  },
};

type Load = { readonly readyMs: number; readonly bytes: number; readonly urls: readonly string[] };

/** From the start of the navigation until a conversation is in the list and the page has nothing to do. */
async function load(browser: Browser, system: OurChain): Promise<Load> {
  const window = await openWindow(browser, await system.token('ann'));
  const { page, devtools } = window;
  await page.addInitScript(() => {
    const watch = new MutationObserver(() => {
      if (document.querySelector('.conversation:not(.skeleton)') === null) return;
      watch.disconnect();
      requestAnimationFrame(() =>
        requestIdleCallback(() => Object.assign(globalThis, { readyMs: performance.now() })),
      );
    });
    watch.observe(document, { childList: true, subtree: true });
  });
  const urls = new Map<string, string>();
  let bytes = 0;
  devtools.on('Network.requestWillBeSent', ({ requestId, request: { url } }) => urls.set(requestId, url));
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await devtools.send('Network.enable');
  await page.goto(webAddress(system));
  const ready = await page.waitForFunction(() => (globalThis as { readyMs?: number }).readyMs);
  const result = { readyMs: Number(await ready.jsonValue()), bytes, urls: [...urls.values()] };
  await window.close();
  return result;
}

async function loadNothing(browser: Browser, system: OurChain): Promise<number> {
  const window = await openWindow(browser, await system.token('ann'));
  await window.page.goto(`${webAddress(system)}/health`);
  const ms = await window.page.evaluate(
    () =>
      new Promise<number>((resolve) =>
        requestAnimationFrame(() => requestIdleCallback(() => resolve(performance.now()))),
      ),
  );
  await window.close();
  return ms;
}

/** Bytes of a file as a client gets it that knows gzip alone. */
function gzippedBytes(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      response.on('end', () => resolve(bytes));
    })
      .on('error', reject)
      .end();
  });
}
