import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Bottleneck, openBottleneck } from './bottleneck.js';

/** An address of this machine, and a port. */
export type Place = { readonly address: string; readonly port: number };

/** A way for UDP between clients and a node on this machine that loses media, each way, and may carry little to each client. */
export type LossyWay = {
  /** Where the client sends instead of to the node. */
  readonly port: number;
  /** Share of media that is lost from now on, of 1. */
  lose(share: number): void;
  /** Bits a second that it carries to each client from now on; what is more waits, and then is lost. */
  carry(bits: number): void;
  /** Packets lost so far. */
  readonly lost: number;
  close(): void;
};

/** @param here where clients send instead; any free port of loopback unless said */
export async function openLossyWay(
  node: Place,
  here: Place = { address: '127.0.0.1', port: 0 },
): Promise<LossyWay> {
  const front = createSocket('udp4');
  const backs = new Map<number, Socket>();
  const bottlenecks = new Map<number, Bottleneck>();
  let share = 0;
  let rate = Number.POSITIVE_INFINITY;
  let lost = 0;

  function passes(packet: Buffer): boolean {
    if (!isMedia(packet) || Math.random() >= share) return true;
    lost++;
    return false;
  }

  /** One socket towards the node for each of the client's, so that answers find their way. */
  function backOf(client: number): Socket {
    const known = backs.get(client);
    if (known !== undefined) return known;
    const back = createSocket('udp4');
    const bottleneck = openBottleneck((packet) => front.send(packet, client, '127.0.0.1'));
    bottleneck.carry(rate);
    bottlenecks.set(client, bottleneck);
    back.on('message', (packet) => {
      if (passes(packet) && !bottleneck.pass(packet)) lost++;
    });
    backs.set(client, back);
    return back;
  }

  front.on('message', (packet, { port: client }) => {
    if (passes(packet)) backOf(client).send(packet, node.port, node.address);
  });
  front.bind(here.port, here.address);
  await once(front, 'listening');
  return {
    port: front.address().port,
    lose(next) {
      share = next;
    },
    carry(bits) {
      rate = bits;
      for (const bottleneck of bottlenecks.values()) bottleneck.carry(bits);
    },
    get lost() {
      return lost;
    },
    close() {
      for (const bottleneck of bottlenecks.values()) bottleneck.close();
      front.close();
      for (const back of backs.values()) back.close();
    },
  };
}

/** RTP and RTCP, by their first byte (RFC 7983); not what keeps the connection. */
const isMedia = (packet: Buffer): boolean => packet.length > 0 && packet.readUInt8(0) >> 6 === 2;
