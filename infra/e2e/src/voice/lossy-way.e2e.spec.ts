import type { NodeMethod } from '@parley/domain/wire/voice';
import { type LossyWay, openLossyWay } from '@parley/infra/testing/media/lossy-way';
import { openBrowser } from '@parley/infra/testing/open-browser';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openTestRooms, type TestRooms, testCall, ticketFor } from '@parley/sfu/testing/open-test-rooms';
import type { types } from 'mediasoup-client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ModulePage, serveModule } from '../module-page.js';

/** Who sends and who receives: both are in one page. */
const [SENDER, RECEIVER] = [11, 12];

let rooms: TestRooms;
let browser: Browser;
let site: ModulePage;
let page: Page;
let way: LossyWay;

beforeAll(async () => {
  rooms = await openTestRooms({ portMin: 46_000 });
  rooms.rooms.open(testCall);
  site = await serveModule(new URL('./device-entry.ts', import.meta.url).href);
  browser = await openBrowser(
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    '--allow-loopback-in-peer-connection',
    '--autoplay-policy=no-user-gesture-required',
  );
  page = await browser.newPage();
  await page.exposeFunction('ask', askNode);
  await page.goto(site.url);
});
afterAll(async () => {
  await browser?.close();
  site?.close();
  way?.close();
  await rooms?.close();
});

/** What the page asks of the node; the receiver is told the lossy way to it. */
async function askNode(
  participant: number,
  method: NodeMethod,
  params: Record<string, unknown>,
): Promise<unknown> {
  const answer = (await rooms.must(ticketFor(participant), method, params)) as {
    iceCandidates?: { port: number; protocol: string }[];
  };
  if (method !== 'voice.openTransport' || participant !== RECEIVER || params.direction !== 'recv')
    return answer;
  const udp = answer.iceCandidates?.find(({ protocol }) => protocol === 'udp');
  if (udp === undefined) throw new Error('no UDP');
  way = await openLossyWay({ address: '127.0.0.1', port: udp.port });
  return { ...answer, iceCandidates: [{ ...udp, port: way.port }] };
}

/** Audio energy heard and pictures seen until now. */
async function received(): Promise<{ readonly energy: number; readonly frames: number }> {
  return page.evaluate(async () => {
    const sum = { energy: 0, frames: 0 };
    for (const report of (await receiving.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      sum.energy += report.totalAudioEnergy ?? 0;
      sum.frames += report.framesDecoded ?? 0;
    }
    return sum;
  });
}

/** Waits until more is heard, and more is seen, than before. */
async function more(of: 'energy' | 'frames', by: number): Promise<void> {
  const before = (await received())[of];
  await waitFor(async () => (await received())[of] > before + by, { what: `more ${of}`, timeout: 30_000 });
}

const audioOnly = (): readonly unknown[] =>
  rooms.notices.flatMap(({ name, to, value }) =>
    name === 'voice.audioOnly' && to === RECEIVER ? [value.on] : [],
  );

it('keeps voices where so much is lost that video is in their way, and brings video back after', async () => {
  await page.evaluate(send, SENDER);
  await page.evaluate(receive, RECEIVER);
  await more('energy', 0.001);
  await more('frames', 10);
  expect(audioOnly()).toEqual([]);

  way.lose(0.4);
  await waitFor(() => audioOnly().length > 0, { what: 'the word that video stops', timeout: 30_000 });
  expect(audioOnly()).toEqual([true]);
  await more('energy', 0.001);
  // What was under way has come.
  await waitFor(
    async () => {
      const before = (await received()).frames;
      await more('energy', 0.001);
      return (await received()).frames === before;
    },
    { what: 'no more pictures', timeout: 30_000 },
  );

  way.lose(0);
  await waitFor(() => audioOnly().length > 1, { what: 'the word that video comes back', timeout: 60_000 });
  await more('frames', 10);
  expect(audioOnly()).toEqual([true, false]);
});

declare const sdk: typeof import('./device-entry.js');
declare let receiving: types.Transport;
// biome-ignore lint/suspicious/noExplicitAny: what comes over from the test is a plain object
declare function ask(participant: number, method: string, params: object): Promise<any>;

/** In the page. */
async function send(participant: number): Promise<void> {
  const { rtpCapabilities } = await ask(participant, 'voice.attach', {});
  await sdk.device.load({ routerRtpCapabilities: rtpCapabilities });
  const { transport: id, ...opened } = await ask(participant, 'voice.openTransport', { direction: 'send' });
  const transport = sdk.device.createSendTransport({ id, ...(opened as object) } as never);
  transport.on('connect', ({ dtlsParameters }, done, failed) => {
    ask(participant, 'voice.connectTransport', { transport: id, dtlsParameters }).then(done, failed);
  });
  transport.on('produce', ({ kind, rtpParameters }, done, failed) => {
    const source = kind === 'audio' ? 'mic' : 'camera';
    ask(participant, 'voice.produce', { transport: id, kind, source, rtpParameters }).then(
      ({ producer }: { producer: string }) => done({ id: producer }),
      failed,
    );
  });
  const media = await navigator.mediaDevices.getUserMedia({
    audio: true,
    video: { width: 320, height: 240 },
  });
  for (const track of media.getTracks()) await transport.produce({ track });
}

/** In the page. */
async function receive(participant: number): Promise<void> {
  await ask(participant, 'voice.attach', {});
  // As everybody has: what goes the other way says nothing about this one.
  await ask(participant, 'voice.openTransport', { direction: 'send' });
  const { transport: id, ...opened } = await ask(participant, 'voice.openTransport', { direction: 'recv' });
  const transport = sdk.device.createRecvTransport({ id, ...(opened as object) } as never);
  transport.on('connect', ({ dtlsParameters }, done, failed) => {
    ask(participant, 'voice.connectTransport', { transport: id, dtlsParameters }).then(done, failed);
  });
  Object.assign(globalThis, { receiving: transport });
  const { rtpCapabilities } = sdk.device;
  const { consumers } = (await ask(participant, 'voice.receive', { transport: id, rtpCapabilities })) as {
    consumers: { consumer: string; producer: string; kind: 'audio' | 'video'; rtpParameters: never }[];
  };
  for (const { consumer, producer, kind, rtpParameters } of consumers) {
    const { track } = await transport.consume({ id: consumer, producerId: producer, kind, rtpParameters });
    const element = document.createElement(kind);
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
    void element.play().catch(() => undefined);
    await ask(participant, 'voice.setConsumer', { consumer, paused: false, width: 320, height: 240 });
  }
}
