/** Where packets wait for one another, as before a line that carries less than comes. */
export type Bottleneck = {
  /** Whether there was room for it. */
  pass(packet: Buffer): boolean;
  /** Bits a second that it lets through from now on. */
  carry(bits: number): void;
  close(): void;
};

/** For how long a packet waits at most, in ms: one that would wait for longer is lost, as where a router's queue is full. */
const MOST_WAIT = 200;

/** Bytes of IP and UDP around each packet. */
const AROUND = 28;

export function openBottleneck(send: (packet: Buffer) => void): Bottleneck {
  const waiting: { readonly packet: Buffer; readonly at: number }[] = [];
  let rate = Number.POSITIVE_INFINITY;
  let freeAt = 0;
  let timer: NodeJS.Timeout | undefined;

  /** In their order, which a timer for each would not keep. */
  function go(): void {
    timer = undefined;
    for (let next = waiting[0]; next !== undefined && next.at <= performance.now(); next = waiting[0]) {
      waiting.shift();
      send(next.packet);
    }
    if (waiting[0] !== undefined) timer = setTimeout(go, waiting[0].at - performance.now());
  }

  return {
    pass(packet) {
      const now = performance.now();
      const at = Math.max(now, freeAt) + ((packet.length + AROUND) * 8_000) / rate;
      if (at - now > MOST_WAIT) return false;
      freeAt = at;
      waiting.push({ packet, at });
      if (timer === undefined) go();
      return true;
    },
    carry(bits) {
      rate = bits;
    },
    close: () => clearTimeout(timer),
  };
}
