import type { types } from 'mediasoup';
import type { Media } from './media.js';

/** Bits a second that a receiver is taken to have until its way is measured: a few voices and a small video. */
const FIRST_OUTGOING = 1_000_000;

/** Seconds without a sign of the other side until ICE counts as lost. */
const CONSENT_TIMEOUT = 15;

/** Makes a transport of a participant: UDP first, TCP where that does not pass. One that fails is closed; one that is lost waits for `voice.restartIce`. */
export async function openTransport(
  media: Media,
  participant: number,
  direction: 'send' | 'recv',
  onFailed: (reason: string) => void,
): Promise<types.WebRtcTransport> {
  const { router, webRtcServer, transports, apply } = media;
  const transport = await router.createWebRtcTransport({
    webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
    iceConsentTimeout: CONSENT_TIMEOUT,
    initialAvailableOutgoingBitrate: FIRST_OUTGOING,
  });
  const { id } = transport;
  transports.set(id, transport);
  transport.observer.once('close', () => {
    transports.delete(id);
    void apply({ tag: 'transportClosed', participant, transport: id });
  });
  const look = (): void => {
    const { iceState, dtlsState } = transport;
    if (dtlsState === 'failed' || dtlsState === 'closed') {
      if (dtlsState === 'failed') onFailed('dtls');
      return transport.close();
    }
    if (iceState === 'disconnected') onFailed('ice');
    const isIceUp = iceState === 'connected' || iceState === 'completed';
    void apply({ tag: 'link', participant, transport: id, up: isIceUp && dtlsState === 'connected' });
  };
  transport.on('icestatechange', look);
  transport.on('dtlsstatechange', look);
  void apply({ tag: 'opened', participant, transport: id, direction });
  return transport;
}
