import { createServer } from 'node:net';

/** A port of 127.0.0.1 that nothing listens on: the wished one if it is free, else one the system picks. */
export const freePort = async (wished = 0): Promise<number> => {
  const port = await tryPort(wished);
  return port ?? ((await tryPort(0)) as number);
};

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
