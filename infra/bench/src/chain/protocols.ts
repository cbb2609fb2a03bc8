import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WebSocket } from 'ws';
import { ask, type OurChain } from './our-chain.js';
import { BODY, openSocket, type PairsProtocol } from './pairs.js';

/** Pairs of people with a direct conversation each, through the whole of ours. */
export function ourPairs(chain: OurChain, pairs: number): PairsProtocol {
  const name = (pair: number, end: 0 | 1): string => `p${pair}-${end === 0 ? 'a' : 'b'}`;
  const conversation = (pair: number): string =>
    `dm-${name(pair, 0).length}-${name(pair, 0)}-${name(pair, 1)}`;
  const made = new Map<number, Promise<void>>();
  return {
    pairs,
    async open(pair, end) {
      const making = made.get(pair) ?? make(pair);
      made.set(pair, making);
      await making;
      const socket = await chain.session(name(pair, end));
      if (end === 1) await reachedBy(socket, conversation(pair));
      return socket;
    },
    frame: (pair, id) =>
      `{"jsonrpc":"2.0","id":"${id}","method":"message.send","params":{"conversationId":"${conversation(pair)}","commandId":"${id}","body":{"kind":"text","text":"${BODY}"}}}`,
    read(frame) {
      const event = frame.indexOf('"commandId":"');
      if (event >= 0) return { delivered: frame.slice(event + 13, frame.indexOf('"', event + 13)) };
      if (!frame.includes('"result"')) return undefined;
      const id = frame.indexOf('"id":"');
      return { ack: frame.slice(id + 6, frame.indexOf('"', id + 6)) };
    },
  };

  async function make(pair: number): Promise<void> {
    const socket = await chain.session(name(pair, 0));
    await ask(socket, 'conversation.create', {
      conversationId: conversation(pair),
      commandId: 'create',
      kind: 'direct',
      members: [name(pair, 1)],
    });
    socket.terminate();
  }
}

/** A session whose list of conversations came from rows that were behind hears of the new one by a notice; wait for it. */
async function reachedBy(socket: WebSocket, conversationId: string): Promise<void> {
  await ask(socket, 'conversation.get', { conversationId });
}

/** The same pairs on the toy chain. */
export function toyPairs(ws: string, pairs: number): PairsProtocol {
  return {
    pairs,
    open: (pair) => openSocket(`${ws}/?topic=p${pair}`),
    frame: (pair, id) => `{"id":"${id}","to":"p${pair}","text":"${BODY}"}`,
    read(frame) {
      if (frame.startsWith('{"ack":"')) return { ack: frame.slice(8, -2) };
      return { delivered: frame.slice(7, frame.indexOf('"', 7)) };
    },
  };
}

export type ToyChain = { readonly ws: string; stop(): Promise<void> };

export async function startToyChain(natsUrl: string): Promise<ToyChain> {
  const child = fork(fileURLToPath(new URL('./toy-chain.js', import.meta.url)), {
    env: { ...process.env, NATS_URL: natsUrl },
  });
  const [message] = (await once(child, 'message')) as [{ ready: { ws: string } }];
  return {
    ws: message.ready.ws,
    async stop() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
