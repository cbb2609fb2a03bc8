import type { Browser, CDPSession, Page } from 'playwright-core';
import type { OurChain } from './our-chain.js';

/** A window of a fresh profile, signed in, that writes down how long the page takes and what its frames take. */
export type WebWindow = { readonly page: Page; readonly devtools: CDPSession; close(): Promise<void> };

export const webAddress = ({ ws }: Pick<OurChain, 'ws'>): string =>
  ws.replace(/^ws/, 'http').replace('/v1/ws', '');

export async function openWindow(browser: Browser, token: string): Promise<WebWindow> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 800 } });
  await context.addInitScript(
    (account) => {
      sessionStorage.setItem('parley.account', account);
    },
    JSON.stringify({ token, isLocal: false }),
  );
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  return { page, devtools, close: () => context.close() };
}

/** Milliseconds between frames, from now until the returned function is called. */
export async function recordFrames({ page }: WebWindow): Promise<() => Promise<readonly number[]>> {
  await page.evaluate(() => {
    const frames: number[] = [];
    let last = performance.now();
    const tick = (): void => {
      const now = performance.now();
      frames.push(now - last);
      last = now;
      (globalThis as { recording?: number }).recording = requestAnimationFrame(tick);
    };
    Object.assign(globalThis, { frames, recording: requestAnimationFrame(tick) });
  });
  return () =>
    page.evaluate(() => {
      cancelAnimationFrame((globalThis as unknown as { recording: number }).recording);
      return (globalThis as unknown as { frames: number[] }).frames;
    });
}

export type PageWeight = { readonly heapBytes: number; readonly nodes: number };

/** What the page holds once it has been cleared of what nobody refers to. */
export async function weigh({ devtools }: WebWindow): Promise<PageWeight> {
  await devtools.send('Performance.enable');
  // What one pass sets free another one may have to collect.
  for (let pass = 0; pass < 3; pass++) await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  return { heapBytes: value('JSHeapUsedSize'), nodes: value('Nodes') };
}

/** Turns the wheel over the middle of the window as a hand does: so many pixels at so many a second. */
export async function wheel({ devtools }: WebWindow, pixels: number, speed: number): Promise<void> {
  await devtools.send('Input.synthesizeScrollGesture', {
    x: 800,
    y: 400,
    yDistance: pixels,
    speed,
    gestureSourceType: 'mouse',
    preventFling: true,
  });
}
