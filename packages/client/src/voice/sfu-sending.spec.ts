import type { Device } from 'mediasoup-client';
import type { ProducerOptions, Transport } from 'mediasoup-client/types';
import { describe, expect, it } from 'vitest';
import { RefusalError, unavailable } from '../refusal-error.js';
import { cameraLayers, screenLayers } from './encodings.js';
import type { AskNode } from './node-line.js';
import { createSending } from './sfu-sending.js';

describe('what is sent to a node', () => {
  it('is not lost with all the rest where the line is cut, and goes when it is back', async () => {
    const { sending, refusals, asked, lost } = open();
    await sending.send('mic', track('audio'));
    refusals.push(unavailable('not connected'), new RefusalError('NotInCall'));
    await sending.send('camera', track('video'));
    await sending.send('screen', track('video'));
    expect([lost, sending.isWhole]).toEqual([[], false]);
    sending.renew();
    sending.renew();
    await expect.poll(() => sending.isWhole).toBe(true);
    expect(asked.map(({ source }) => source)).toEqual(['mic', 'camera', 'screen', 'camera', 'screen']);
    expect(lost).toEqual([]);
  });

  it('of a screen is two sizes of it, and begins with what they need', async () => {
    const { sending, offers } = open();
    await sending.send('camera', track('video'));
    await sending.send('screen', track('video'));
    expect(
      offers.map(({ encodings, codecOptions }) => [encodings, codecOptions?.videoGoogleStartBitrate]),
    ).toEqual([
      [cameraLayers({}), 1_000],
      [screenLayers({}), 2_500],
    ]);
  });

  it('has ended for the node too, also where that could not be said at once', async () => {
    const { sending, refusals, asked } = open();
    await sending.send('screen', track('video'));
    refusals.push(
      new RefusalError('Unavailable', 'cut', { retryAfterMs: 1 }),
      new RefusalError('NotInCall', 'not yet', { retryAfterMs: 1 }),
    );
    await sending.send('screen', null);
    const end = { producer: 'of screen', closed: true };
    await expect.poll(() => asked.slice(1)).toEqual([end, end, end]);
  });

  it('is no way for media where the node refuses it, or was never reached', async () => {
    const refused = open();
    refused.refusals.push(new RefusalError('TooMuchMedia'));
    await refused.sending.send('mic', track('audio'));
    expect(refused.lost).toHaveLength(1);
    const unreached = open(Promise.reject(unavailable('not connected')));
    await unreached.sending.send('mic', track('audio'));
    expect(unreached.lost).toHaveLength(1);
  });
});

/** With what a browser and a node would make of it; each question takes the first of `refusals`, where there is one. */
function open(reached: Promise<void> = Promise.resolve()) {
  const asked: { readonly source?: string; readonly producer?: string }[] = [];
  const refusals: RefusalError[] = [];
  const lost: unknown[] = [];
  const offers: Offered[] = [];
  const transport = new (class {
    private produced: Produce = () => undefined;
    on(_: 'produce', act: Produce) {
      this.produced = act;
    }
    async produce(offered: Offered) {
      const { track, appData } = offered;
      offers.push(offered);
      await reached;
      const { id } = await new Promise<{ readonly id: string }>((done, failed) =>
        this.produced({ kind: track.kind, rtpParameters: {}, appData }, done, failed),
      );
      return { id, kind: track.kind, track, appData, close() {}, pause() {}, resume() {} };
    }
  })();
  const ask = async (_: string, params: (typeof asked)[number]) => {
    asked.push(params);
    const refusal = refusals.shift();
    if (refusal !== undefined) throw refusal;
    return { producer: `of ${params.source}` };
  };
  const device = { canProduce: () => true, sendRtpCapabilities: { codecs: [] } };
  const sending = createSending({
    ready: Promise.resolve({
      device: device as unknown as Device,
      send: transport as unknown as Transport,
    }),
    ask: ask as unknown as AskNode,
    videoCodec: 'VP8',
    onLost: (error) => lost.push(error),
  });
  return { sending, asked, refusals, lost, offers };
}

type Offered = Pick<ProducerOptions, 'encodings' | 'codecOptions'> & {
  readonly track: MediaStreamTrack;
  readonly appData: { readonly source: string };
};
type Produce = (
  offered: { readonly kind: string; readonly rtpParameters: object; readonly appData: object },
  done: (answer: { readonly id: string }) => void,
  failed: (error: Error) => void,
) => void;

const track = (kind: 'audio' | 'video') => ({ kind, getSettings: () => ({}) }) as unknown as MediaStreamTrack;
