import type { Transport } from 'mediasoup-client/types';
import { type AskNode, isCut } from './node-line.js';

export type NodeTransportOptions = {
  readonly ask: AskNode;
  /** Whether packets go over it has changed. */
  readonly onChange: () => void;
  /** No path to the node is found, or the node refuses what is needed for one. */
  readonly onLost: (error: unknown) => void;
};

/** Milliseconds that a transport may be without packets before its path is looked for anew; each of {@link TRIES} is given twice as long, then the node is given up. */
const PATIENCE_MS = 2_000;
const TRIES = 2;

/** Connects a transport to its node when something is to go over it, and looks for another path where there is none. The result ends that. */
export function keepTransport(
  transport: Transport,
  { ask, onChange, onLost }: NodeTransportOptions,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;

  function mendIn(ms: number): void {
    timer ??= setTimeout(mend, ms);
  }

  function mend(): void {
    clearTimeout(timer);
    timer = undefined;
    if (transport.closed || transport.connectionState === 'connected') return;
    if (tries++ === TRIES) return onLost(new Error('no packets go to the node and back'));
    ask('voice.restartIce', { transport: transport.id })
      .then(({ iceParameters }) => transport.restartIce({ iceParameters }))
      .catch((error) => isCut(error) || onLost(error));
    mendIn(PATIENCE_MS * 2);
  }

  transport.on('connect', ({ dtlsParameters }, done, failed) => {
    ask('voice.connectTransport', {
      transport: transport.id,
      dtlsParameters: plain(dtlsParameters) as never,
    }).then(done, failed);
  });
  transport.on('connectionstatechange', (state) => {
    onChange();
    if (state === 'connected') tries = 0;
    if (state === 'connecting') mendIn(PATIENCE_MS * 3);
    if (state === 'disconnected') mendIn(PATIENCE_MS);
    if (state === 'failed') mend();
  });

  return () => clearTimeout(timer);
}

/** As it goes over the wire: what is undefined is not there. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
