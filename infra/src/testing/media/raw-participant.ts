import { randomUUID } from 'node:crypto';
import type { RtpCapabilities, RtpParameters } from '@parley/domain/wire/rtp';
import type { ConsumerView, VoiceResult } from '@parley/domain/wire/voice';
import {
  type HeardPacket,
  openRawTransport,
  type RawTransport,
  type RemoteTransport,
} from './raw-transport.js';
import type { VoiceLine } from './voice-line.js';

/** Milliseconds of one opus packet, and its length in units of its clock of 48 kHz. */
export const PACKET_MS = 20;
export const PACKET_TICKS = 960;

/** A packet as it is heard: of which participant, by the SSRC the node sends it under, and by which node. */
export type Heard = (packet: HeardPacket, from: number, node: string) => void;

/** A participant's place in a call, as `joinRaw` answers. */
export type CallPlace = {
  readonly conversationId: string;
  readonly call: number;
  /** The seq that `call.start` or `call.join` answered. */
  readonly participant: number;
};

export type RawParticipant = {
  readonly participant: number;
  readonly node: string;
  readonly fence: number;
  /** Sends one packet of opus. */
  speak(packet: { readonly sequence: number; readonly timestamp: number; readonly payload: Buffer }): void;
  close(): Promise<void>;
};

/**
 * A device in a call by its node, without a browser: enters, sends opus, receives every voice. The call must go by the SFU.
 *
 * @param speaks false: it only listens
 */
export async function enterRaw(
  line: VoiceLine,
  { conversationId, call, participant }: CallPlace,
  heard: Heard = () => undefined,
  speaks = true,
): Promise<RawParticipant> {
  const inCall = { conversationId, call };
  const { node, fence, ticket } = await line.ask<VoiceResult<'voice.enter'>>('voice.enter', {
    ...inCall,
    participant,
  });
  if (ticket === undefined || node === undefined || fence === undefined)
    throw new Error('the call does not go by a node');
  const atNode = { ...inCall, ticket };
  const { rtpCapabilities } = await line.ask<VoiceResult<'voice.attach'>>('voice.attach', atNode);
  const open = async (direction: 'send' | 'recv', listener?: (packet: HeardPacket) => void) => {
    const opened = await line.ask<VoiceResult<'voice.openTransport'>>('voice.openTransport', {
      ...atNode,
      direction,
    });
    const { transport } = opened;
    const raw = await openRawTransport(
      opened as unknown as RemoteTransport,
      async (dtlsParameters) => {
        await line.ask('voice.connectTransport', { ...atNode, transport, dtlsParameters });
      },
      listener,
    );
    return { transport, raw };
  };
  const owners = new Map<number, number>();
  const listen = async ({ consumer, participant: from, kind, rtpParameters }: ConsumerView) => {
    const { encodings } = rtpParameters as { encodings?: readonly { ssrc?: number }[] };
    const ssrc = encodings?.[0]?.ssrc;
    if (kind !== 'audio' || ssrc === undefined) return;
    owners.set(ssrc, from);
    await line.ask('voice.setConsumer', { ...atNode, consumer, paused: false });
  };
  const [sending, receiving] = await Promise.all([
    open('send'),
    open('recv', (packet) => {
      const from = owners.get(packet.ssrc);
      if (from !== undefined) heard(packet, from, node);
    }),
  ]);
  const stopListening = line.onNotice((method, params) => {
    if (method === 'voice.consumer' && params.conversationId === conversationId)
      void listen(params.consumer as ConsumerView).catch(() => undefined);
  });
  const ssrc = 1_000 + participant;
  if (speaks)
    await line.ask('voice.produce', {
      ...atNode,
      transport: sending.transport,
      kind: 'audio',
      source: 'mic',
      rtpParameters: opusParameters(ssrc),
    });
  const { consumers } = await line.ask<VoiceResult<'voice.receive'>>('voice.receive', {
    ...atNode,
    transport: receiving.transport,
    rtpCapabilities: capabilitiesOf(rtpCapabilities),
  });
  await Promise.all(consumers.map(listen));
  return {
    participant,
    node,
    fence,
    speak: (packet) => sending.raw.send({ ...packet, ssrc, payloadType: PAYLOAD_TYPE }),
    close: () => {
      stopListening();
      return closeAll([sending.raw, receiving.raw]);
    },
  };
}

/** Starts a call, or joins the one that goes on. */
export async function joinRaw(line: VoiceLine, conversationId: string, call?: number): Promise<CallPlace> {
  const base = { conversationId, commandId: randomUUID() };
  const { seq } =
    call === undefined
      ? await line.ask<{ seq: number }>('call.start', { ...base, media: 'voice' })
      : await line.ask<{ seq: number }>('call.join', { ...base, call });
  return { conversationId, call: call ?? seq, participant: seq };
}

const PAYLOAD_TYPE = 111;

const opusParameters = (ssrc: number): RtpParameters => ({
  codecs: [{ mimeType: 'audio/opus', payloadType: PAYLOAD_TYPE, clockRate: 48_000, channels: 2 }],
  encodings: [{ ssrc }],
  rtcp: { cname: `raw-${ssrc}` },
});

/** What a node can forward, as what we can receive. */
function capabilitiesOf({ codecs, headerExtensions }: Readonly<Record<string, unknown>>): RtpCapabilities {
  return { codecs, headerExtensions } as RtpCapabilities;
}

const closeAll = async (transports: readonly RawTransport[]): Promise<void> => {
  await Promise.all(transports.map((transport) => transport.close()));
};
