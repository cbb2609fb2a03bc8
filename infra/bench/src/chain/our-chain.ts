import { randomBytes, randomUUID } from 'node:crypto';
import type { Stack } from '@parley/infra/embedded/stack';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import type { WebSocket } from 'ws';
import { openSocket } from './pairs.js';

export type OurChain = SystemProcesses & {
  /** A socket with an open session. */
  session(user: string, localAddress?: string): Promise<WebSocket>;
};

/** Limits that are counted, as in service, and that no measurement reaches. */
const UNREACHED = {
  PARLEY_LIMIT_COMMANDS: '1000000',
  PARLEY_LIMIT_QUERIES: '1000000',
  PARLEY_LIMIT_SIGNALS: '1000000',
  PARLEY_LIMIT_OPENS: '1000000',
};

/** Starts the services on the servers of `stack`, each in its process, as `npm start` does. */
export async function startOurChain({ nats, database, redis }: Stack): Promise<OurChain> {
  const servers = { natsUrl: nats, databaseUrl: database, redisUrl: redis };
  const system = await startSystem(servers, [], randomBytes(32), UNREACHED);
  return {
    ...system,
    async session(user, localAddress) {
      const socket = await openSocket(system.ws, ['parley.v1'], localAddress);
      await ask(socket, 'session.open', { token: await system.token(user), device: 'd1' });
      return socket;
    },
  };
}

/** One request and its result. */
export function ask(socket: WebSocket, method: string, params: unknown): Promise<unknown> {
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    const hear = (data: unknown): void => {
      const frame = JSON.parse(String(data)) as {
        id?: string;
        result?: unknown;
        error?: { message: string };
      };
      if (frame.id !== id) return;
      socket.off('message', hear);
      if (frame.error === undefined) resolve(frame.result);
      else reject(new Error(`${method}: ${frame.error.message}`));
    };
    socket.on('message', hear);
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  });
}
