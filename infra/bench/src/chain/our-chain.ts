import { randomBytes, randomUUID } from 'node:crypto';
import type { Stack } from '@parley/infra/embedded/stack';
import { migrate } from '@parley/infra/read-model/migrate';
import { signToken } from '@parley/infra/runtime/tokens';
import { type ServiceProcess, startService } from '@parley/infra/testing/service-process';
import { openSocket } from './pairs.js';
import type { WebSocket } from 'ws';

export type OurChain = {
  readonly ws: string;
  readonly services: { readonly api: ServiceProcess; readonly gateway: ServiceProcess; readonly projector?: ServiceProcess };
  token(user: string): Promise<string>;
  /** A socket with an open session. */
  session(user: string, localAddress?: string): Promise<WebSocket>;
  stop(): Promise<void>;
};

export const PARTITIONS = 4;

/** Starts the three services on the servers of `stack`, each in its process, as `npm start` does. */
export async function startOurChain(stack: Stack, options: { readonly projector: boolean }): Promise<OurChain> {
  await migrate(stack.database, { readModel: 1 });
  const secret = randomBytes(32);
  const env = {
    NATS_URL: stack.nats,
    DATABASE_URL: stack.database,
    REDIS_URL: stack.redis,
    PARLEY_PARTITIONS: String(PARTITIONS),
    PARLEY_TOKEN_SECRET: secret.toString('base64url'),
    PARLEY_BAN_KEY: randomBytes(32).toString('base64url'),
    PARLEY_LOG_LEVEL: 'warn',
  };
  const api = await startService('command-api', env);
  const projector = options.projector ? await startService('projector', env) : undefined;
  const gateway = await startService('gateway', env);
  const ws = gateway.info.ws as string;
  const token = (user: string): Promise<string> => signToken(secret, { sub: user, did: 'bench', scope: 'import', expiresIn: '1d' });

  return {
    ws,
    services: { api, gateway, ...(projector === undefined ? {} : { projector }) },
    token,
    async session(user, localAddress) {
      const socket = await openSocket(ws, ['parley.v1'], localAddress);
      await ask(socket, 'session.open', { token: await token(user), device: 'bench' });
      return socket;
    },
    async stop() {
      await gateway.end();
      await projector?.end();
      await api.end();
    },
  };
}

/** One request and its result. */
export function ask(socket: WebSocket, method: string, params: unknown): Promise<unknown> {
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    const hear = (data: unknown): void => {
      const frame = JSON.parse(String(data)) as { id?: string; result?: unknown; error?: { message: string } };
      if (frame.id !== id) return;
      socket.off('message', hear);
      if (frame.error === undefined) resolve(frame.result);
      else reject(new Error(`${method}: ${frame.error.message}`));
    };
    socket.on('message', hear);
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  });
}
