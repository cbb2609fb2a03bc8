import { createWorker } from 'mediasoup';

/** Milliseconds in which a worker must have started and answered. */
const WITHIN = 10_000;

/** Starts a worker and asks it something: undefined when it runs and speaks this version's protocol, else what is wrong. */
export async function checkWorker(workerBin: string): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(WITHIN);
  const late = new Promise<string>((resolve) => {
    timeout.addEventListener('abort', () => resolve(`it did not answer within ${WITHIN} ms`));
  });
  return Promise.race([answer(workerBin), late]);
}

/** A router of a codec is made by most of the worker's parts. */
async function answer(workerBin: string): Promise<string | undefined> {
  try {
    const worker = await createWorker({ workerBin });
    try {
      await worker.createRouter({
        mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
      });
      return undefined;
    } finally {
      worker.close();
    }
  } catch (error) {
    return (error as Error).message;
  }
}
