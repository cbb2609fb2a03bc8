import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Lower than what systems give to connections that go out, 32768 and up (Linux: `ip_local_port_range`; RFC 6335, 6: 49152 and up): a port that is free stays so until whoever wished for it
 * listens there, also when it is started again.
 */
const [LOWEST, HIGHEST] = [15_000, 32_767] as const;

/** Ports looked at before the system is asked for one. */
const TRIES = 100;

/** A port of 127.0.0.1 that nothing listens on: the wished one if it is free, else one that no connection is given. */
export async function freePort(wished?: number): Promise<number> {
  const wanted = [wished ?? anyPort(), ...Array.from({ length: TRIES }, anyPort), 0];
  for (const each of wanted) {
    const port = await tryPort(each);
    if (port !== undefined) return port;
  }
  throw new Error('no port of 127.0.0.1 is free');
}

const anyPort = (): number => randomInt(LOWEST, HIGHEST + 1);

const tryPort = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.unref();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address ? address.port : undefined;
      server.close(() => resolve(found));
    });
  });
