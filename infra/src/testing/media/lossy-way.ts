import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A way for UDP between a client and a node on this machine that loses what the node sends. */
export type LossyWay = {
  /** Where the client sends instead of to the node. */
  readonly port: number;
  /** Share of the node's media that is lost from now on, of 1. */
  lose(share: number): void;
  close(): void;
};

/** @param port the node's, on loopback */
export async function openLossyWay(port: number): Promise<LossyWay> {
  const front = createSocket('udp4');
  const backs = new Map<number, Socket>();
  let share = 0;

  /** One socket towards the node for each of the client's, so that answers find their way. */
  function backOf(client: number): Socket {
    const known = backs.get(client);
    if (known !== undefined) return known;
    const back = createSocket('udp4');
    back.on('message', (packet) => {
      if (!isMedia(packet) || Math.random() >= share) front.send(packet, client, '127.0.0.1');
    });
    backs.set(client, back);
    return back;
  }

  front.on('message', (packet, { port: client }) => backOf(client).send(packet, port, '127.0.0.1'));
  front.bind(0, '127.0.0.1');
  await once(front, 'listening');
  return {
    port: front.address().port,
    lose(next) {
      share = next;
    },
    close() {
      front.close();
      for (const back of backs.values()) back.close();
    },
  };
}

/** RTP and RTCP, by their first byte (RFC 7983); not what keeps the connection. */
const isMedia = (packet: Buffer): boolean => packet.length > 0 && packet.readUInt8(0) >> 6 === 2;
