import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createFrameSplitter, isTextFrame } from './split-frames.js';

export type RoughProxy = {
  readonly port: number;
  /** What it has done so far. */
  readonly done: Readonly<Record<'connections' | 'cuts' | 'stalls' | 'doubles', number>>;
  /** From now on it passes everything on as it comes. */
  calm(): void;
  close(): Promise<void>;
};

/** Milliseconds a connection lives, a chunk is held back, and a stalled direction reads nothing: each from 0 to this. */
const MAX_LIFE_MS = 6_000;
const MAX_DELAY_MS = 40;
const MAX_STALL_MS = 1_500;

/** Of 100 frames: how many are followed by a cut, how many by a stall, and how many are said twice. */
const CUTS = 1;
const STALLS = 2;
const DOUBLES = 3;

/**
 * A line as bad as lines are: it delays, it stops reading, and it breaks, also between a request that has arrived and its
 * answer, so that the client must ask again without knowing; and it says whole frames twice, in both directions, as proxies
 * that try again do. Frames keep their order: TCP sees to that on real lines.
 */
export async function openRoughProxy(targetPort: number, random: () => number): Promise<RoughProxy> {
  const done = { connections: 0, cuts: 0, stalls: 0, doubles: 0 };
  const open = new Set<Socket>();
  let isRough = true;

  const server = createServer((near) => {
    done.connections++;
    const far = connect(targetPort, '127.0.0.1');
    const cut = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        open.delete(socket);
        cut();
      });
    }
    if (isRough) {
      const timer = setTimeout(() => {
        if (!isRough) return;
        done.cuts++;
        cut();
      }, random() * MAX_LIFE_MS);
      near.on('close', () => clearTimeout(timer));
    }
    pass(near, far, cut);
    pass(far, near, cut);
  });

  function pass(from: Socket, to: Socket, cut: () => void): void {
    const split = createFrameSplitter();
    let last = Promise.resolve();
    from.on('data', (chunk) => {
      for (const frame of split(chunk)) passFrame(frame);
    });

    function passFrame(frame: Buffer): void {
      const delay = isRough && random() < 0.3 ? random() * MAX_DELAY_MS : 0;
      last = last.then(() => wait(delay)).then(() => void to.write(frame));
      const roll = isRough ? random() * 100 : 100;
      if (roll < CUTS) {
        done.cuts++;
        void last.then(() => setTimeout(cut, random() * 5));
      } else if (roll < CUTS + STALLS) {
        done.stalls++;
        from.pause();
        setTimeout(() => from.resume(), random() * MAX_STALL_MS);
      } else if (roll < CUTS + STALLS + DOUBLES && isTextFrame(frame)) {
        done.doubles++;
        last = last.then(() => void to.write(frame));
      }
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    done,
    calm: () => {
      isRough = false;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const wait = (ms: number): Promise<void> =>
  ms === 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
