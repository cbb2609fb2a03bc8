import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A line to a gateway that can be cut for WebSockets, while plain HTTP goes on: a page can be loaded, and has no connection. */
export type Line = {
  readonly url: string;
  cut(): void;
  mend(): void;
  close(): Promise<void>;
};

export async function openLine(target: URL): Promise<Line> {
  const open = new Set<Socket>();
  const webSockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        open.delete(socket);
        webSockets.delete(socket);
        end();
      });
    }
    near.once('data', (first) => {
      if (!/^upgrade: websocket/im.test(first.toString('latin1'))) return;
      if (isCut) return end();
      webSockets.add(near);
    });
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      for (const socket of webSockets) socket.destroy();
    },
    mend() {
      isCut = false;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
