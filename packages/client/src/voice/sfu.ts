import { Device } from 'mediasoup-client';
import type { RtpCapabilities, Transport, TransportOptions } from 'mediasoup-client/types';
import { RefusalError } from '../refusal-error.js';
import { type Access, type MediaPath, type PathHost, toRtc } from './media-path.js';
import type { AskNode } from './node-line.js';
import { keepTransport, plain } from './node-transport.js';
import { createReceiving } from './sfu-receiving.js';
import { createSending } from './sfu-sending.js';

export type SfuOptions = PathHost & {
  readonly access: Access;
  readonly ask: AskNode;
};

/** Media by way of a node, over a transport each way. What the node refuses for good, or does not answer, is no way for media. */
export function openSfu({
  access,
  iceTransportPolicy,
  videoCodec,
  ask,
  onChange,
  onDown,
}: SfuOptions): MediaPath {
  let iceServers = toRtc(access.iceServers);
  let isClosed = false;
  const transports: Transport[] = [];
  const ends: (() => void)[] = [];

  const ready = begin();
  const receiving = createReceiving({
    transport: ready.then(({ recv }) => recv),
    ask,
    onChange,
    onLost: fail,
  });
  const sending = createSending({ ready, ask, videoCodec, onLost: fail });
  ready.then(receive).catch(fail);

  async function begin() {
    const [device, attached] = await Promise.all([Device.factory(), ask('voice.attach', {})]);
    const [, toReceive, toSend] = await Promise.all([
      device.load({ routerRtpCapabilities: attached.rtpCapabilities as RtpCapabilities }),
      ask('voice.openTransport', { direction: 'recv' }),
      ask('voice.openTransport', { direction: 'send' }),
    ]);
    if (isClosed) throw new Error('closed');
    const asHere = ({ transport: id, ...opened }: typeof toSend): TransportOptions =>
      ({ ...opened, id, iceServers, iceTransportPolicy }) as unknown as TransportOptions;
    const recv = device.createRecvTransport(asHere(toReceive));
    const send = device.createSendTransport(asHere(toSend));
    for (const transport of [recv, send]) {
      transports.push(transport);
      ends.push(keepTransport(transport, { ask, onChange, onLost: fail }));
    }
    return { device, recv, send };
  }

  async function receive({ device, recv }: Awaited<typeof ready>): Promise<void> {
    const asked = ask('voice.receive', {
      transport: recv.id,
      rtpCapabilities: plain(device.recvRtpCapabilities) as never,
    });
    await receiving.whole(asked.then(({ consumers }) => consumers));
  }

  function fail(error: unknown): void {
    if (isClosed) return;
    onDown(error instanceof RefusalError ? `${error.tag}: ${error.message}` : String(error));
  }

  return {
    send: sending.send,
    mute: sending.mute,
    sync: () => undefined,
    renew(next) {
      iceServers = toRtc(next.iceServers);
      for (const each of transports)
        if (!each.closed) void each.updateIceServers({ iceServers }).catch(() => undefined);
      sending.renew();
      // What was said while the line was cut is lost.
      void ready.then(receive).catch(() => undefined);
    },
    signal: () => undefined,
    finish: () => undefined,
    notice({ name, value }) {
      switch (name) {
        case 'voice.consumer':
          return receiving.take(value.consumer);
        case 'voice.consumerClosed':
          return receiving.ended(value.consumer);
        case 'voice.consumerPaused':
          return receiving.paused(value.consumer, value.paused);
        case 'voice.wanted':
          return sending.wanted(value.producer, value.wanted);
        default:
          return;
      }
    },
    received: receiving.received,
    shown: receiving.shown,
    get isFlowing() {
      return (
        transports.length > 0 &&
        transports.every(({ connectionState: state }) => state === 'new' || state === 'connected')
      );
    },
    get isWhole() {
      return this.isFlowing && sending.isWhole;
    },
    get connections() {
      return transports.flatMap((each) => connectionOf(each) ?? []);
    },
    close() {
      isClosed = true;
      for (const end of ends) end();
      for (const each of transports) each.close();
      receiving.close();
      sending.close();
    },
  };
}

/** For statistics alone: mediasoup-client shows those of a transport, but not of which candidates its pair is. */
const connectionOf = ({ handler }: Transport): RTCPeerConnection | undefined =>
  (handler as unknown as { readonly _pc?: RTCPeerConnection })._pc;
