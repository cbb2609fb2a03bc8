import { closeBody } from '@parley/domain/conversation/body';
import { type Envelope, envelop } from '@parley/domain/log/envelope';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { openBrowser } from '@parley/infra/testing/open-browser';
import type { Browser } from 'playwright-core';
import { type Case, median } from '../case.js';
import { withPast } from '../chain/crowd.js';
import { groupOf } from '../chain/group-log.js';
import { type OurChain, startOurChain } from '../chain/our-chain.js';
import { openWindow, type PageWeight, recordFrames, webAddress, weigh, wheel } from '../chain/web-window.js';
import { openLatencies } from '../percentiles.js';
import { withStack } from '../with-stack.js';

const CONVERSATION = 'bench-scroll';
const LIMIT_MS = 20;

/** Pixels a second: about 60 messages, faster than anybody reads and as fast as one looks for something. */
const SPEED = 4_000;
const GESTURE = 8_000;

/** The timeline of a long conversation under the wheel, against a list that does nothing. */
export const webScroll: Case = {
  name: 'web-scroll',
  about:
    'frames while scrolling back through thousands of 100,000 messages and forward again, against a still list in the same browser; heap and nodes before and after',
  async run({ quick, say }) {
    const messages = quick ? 20_000 : 100_000;
    const gestures = quick ? 4 : 20;
    const rounds = quick ? 1 : 3;
    return withStack(false, async (stack) => {
      const system = await startOurChain(stack);
      const nats = await connectNats(stack.nats, 'bench');
      say(`storing ${messages.toLocaleString('en')} messages`);
      await withPast(stack, nats, past(messages));
      const browser = await openBrowser();
      const scrolls: Scroll[] = [];
      const still: number[] = [];
      for (let round = 0; round < rounds; round++) {
        scrolls.push(await scroll(browser, system, gestures));
        still.push(await scrollStill(browser, system, gestures));
        const { p95, passed, before, after } = scrolls.at(-1) as Scroll;
        say(
          `p95 ${p95.toFixed(1)} ms over ${passed.toLocaleString('en')} messages, still list ${still.at(-1)?.toFixed(1)} ms; heap ${mib(before)} to ${mib(after)} MiB, nodes ${before.nodes} to ${after.nodes}`,
        );
      }
      await browser.close();
      await nats.close();
      await system.stop();
      const ours = median(scrolls.map(({ p95 }) => p95));
      const heap = median(scrolls.map(({ before, after }) => after.heapBytes / before.heapBytes));
      const nodes = median(scrolls.map(({ before, after }) => after.nodes / before.nodes));
      const { passed, before, after } = scrolls[0] as Scroll;
      return [
        {
          name: `scroll frames in ${messages.toLocaleString('en')} messages, p95`,
          unit: 'ms',
          ours,
          ceiling: median(still),
          ratio: median(scrolls.map(({ p95 }, round) => p95 / (still[round] as number))),
          target: `< ${LIMIT_MS} ms`,
          met: ours < LIMIT_MS,
          note: `${passed.toLocaleString('en')} messages passed; worst frame ${Math.max(...scrolls.map((each) => each.worst)).toFixed(0)} ms`,
        },
        {
          name: 'JS heap after scrolling against before',
          unit: 'MiB',
          ours: Number(mib(after)),
          ceiling: Number(mib(before)),
          ratio: heap,
          target: '<= 1.5 (flat)',
          met: heap <= 1.5,
          note: `nodes ${before.nodes} to ${after.nodes}, ratio ${nodes.toFixed(2)}`,
        },
      ];
    });
  },
};

const mib = ({ heapBytes }: PageWeight): string => (heapBytes / 2 ** 20).toFixed(1);

/** What people write: mostly a line, now and then a paragraph, a link, some code. */
const TEXTS = [
  'yes',
  'I had the same yesterday; restarting it helped, though I do not know why.',
  'see https://example.org/questions/4711 for the long story',
  'try `dmesg | tail` right after you plug it in',
  'It took me a whole evening to find this out, so let me write it down properly. First the module has to be loaded, then the device appears, and only then the service may be started; in any other order it waits for ever and says nothing.',
  'thanks 🎉',
];

function past(count: number): readonly Envelope[] {
  const people = ['ann', 'bob', 'cid', 'dan', 'eve'];
  const made = groupOf(CONVERSATION, people);
  const sent = Array.from({ length: count }, (_, index) => {
    const seq = made.length + index + 1;
    const body = closeBody({ kind: 'text', text: `${index + 1}: ${TEXTS[(index * 7) % TEXTS.length]}` });
    const actor = people[(index * 3) % people.length] as string;
    const at = 1_700_000_000_000 + index * 20_000;
    return envelop(
      { type: 'message.sent', data: { ordinal: index + 1, body } },
      { conversationId: CONVERSATION, seq, at, actor, commandId: `c-${seq}` },
    );
  });
  return [...made, ...sent];
}

type Scroll = {
  readonly p95: number;
  readonly worst: number;
  readonly passed: number;
  readonly before: PageWeight;
  readonly after: PageWeight;
};

async function scroll(browser: Browser, system: OurChain, gestures: number): Promise<Scroll> {
  const window = await openWindow(browser, await system.token('ann'));
  const { page } = window;
  await page.goto(`${webAddress(system)}/#/c/${CONVERSATION}`);
  await page.locator('.message').first().waitFor();
  const jump = page.getByRole('button', { name: /^To the newest message/ });
  if (await jump.isVisible()) await jump.click();
  const edge = (): Promise<number> =>
    page
      .locator('.message[data-seq]')
      .first()
      .evaluate((row) => Number((row as HTMLElement).dataset.seq));
  // The window fills to its size first: what it holds then is what it may hold later.
  for (let n = 0; n < 6; n++) await wheel(window, GESTURE, SPEED);
  const [from, before] = [await edge(), await weigh(window)];
  const stop = await recordFrames(window);
  for (let n = 0; n < gestures; n++) await wheel(window, GESTURE, SPEED);
  const to = await edge();
  for (let n = 0; n < gestures; n++) await wheel(window, -GESTURE, SPEED);
  const frames = await stop();
  const after = await weigh(window);
  await window.close();
  return { p95: p95Of(frames), worst: Math.max(...frames), passed: 2 * (from - to), before, after };
}

/** The same gestures over rows that are all there. */
async function scrollStill(browser: Browser, system: OurChain, gestures: number): Promise<number> {
  const window = await openWindow(browser, 'none');
  await window.page.goto(`${webAddress(system)}/health`);
  await window.page.evaluate((texts) => {
    for (let n = 0; n < 10_000; n++)
      document.body.append(
        Object.assign(document.createElement('p'), { textContent: texts[n % texts.length] }),
      );
    scrollTo(0, document.body.scrollHeight);
  }, TEXTS);
  const stop = await recordFrames(window);
  for (let n = 0; n < gestures; n++) await wheel(window, GESTURE, SPEED);
  for (let n = 0; n < gestures; n++) await wheel(window, -GESTURE, SPEED);
  const frames = await stop();
  await window.close();
  return p95Of(frames);
}

function p95Of(frames: readonly number[]): number {
  const latencies = openLatencies();
  for (const frame of frames) latencies.add(frame);
  return latencies.at(95);
}
