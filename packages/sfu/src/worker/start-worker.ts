import { once } from 'node:events';
import type { Log } from '@parley/infra/runtime/log';
import { createWorker, setLogEventListeners } from 'mediasoup';
import type { WebRtcServer, Worker } from 'mediasoup/types';
import { openComplaints } from './complaints.js';

/** Where media is received, and on which ports: each worker takes one of UDP and one of TCP for all its calls. */
export type Listen = {
  readonly ip: string;
  /** What clients are told instead of `ip`, where they reach it by another address. */
  readonly announced?: string;
  readonly portMin: number;
  readonly portMax: number;
};

/** A mediasoup worker and the server through which every WebRTC transport on it goes. */
export type PoolWorker = {
  readonly worker: Worker;
  readonly webRtcServer: WebRtcServer;
  /** Ends it; resolves when its process is gone. */
  close(): Promise<void>;
};

/** Starts one worker with its WebRTC server. What mediasoup and the worker complain of goes to the log. */
export async function startWorker(workerBin: string, listen: Listen, log: Log): Promise<PoolWorker> {
  const complaints = openComplaints(log);
  setLogEventListeners({
    onwarn: (namespace, text) => complaints.warn(`${namespace} ${text}`),
    onerror: (namespace, text, error) => complaints.error(`${namespace} ${text}`, error),
  });
  const worker = await withoutSignals(() => createWorker({ workerBin, logLevel: 'warn' }));
  const close = async (): Promise<void> => {
    if (worker.subprocessClosed) return;
    const closed = once(worker, 'subprocessclose');
    worker.close();
    await closed;
  };
  try {
    const { ip, announced, portMin, portMax } = listen;
    const place = {
      ip,
      portRange: { min: portMin, max: portMax },
      ...(announced === undefined ? {} : { announcedAddress: announced }),
    };
    const webRtcServer = await worker.createWebRtcServer({
      listenInfos: [
        { protocol: 'udp', ...place },
        { protocol: 'tcp', ...place },
      ],
    });
    return { worker, webRtcServer, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** mediasoup ends its workers at SIGTERM and SIGINT: but a node that was told to stop has calls to move first. */
function withoutSignals<A>(create: () => A): A {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const before = signals.map((signal) => new Set(process.listeners(signal)));
  const created = create();
  for (const [index, signal] of signals.entries()) {
    for (const listener of process.listeners(signal)) {
      if (!before[index]?.has(listener)) process.removeListener(signal, listener);
    }
  }
  return created;
}
