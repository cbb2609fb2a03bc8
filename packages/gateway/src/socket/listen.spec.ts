import { once } from 'node:events';
import { connect } from 'node:net';
import { waitFor } from '@parley/infra/testing/wait-for';
import { describe, expect, it } from 'vitest';
import { loadUws } from '../uws/load.js';
import { listen } from './listen.js';

const uws = loadUws();
const host = '127.0.0.1';

describe('a gateway', () => {
  it('comes back to the port the system chose, although connections to it linger', async () => {
    let accepted = 0;
    const first = uws.App().ws('/', {
      open: () => {
        accepted++;
      },
    });
    const { port } = await listen(uws, first, host, 0);
    const client = connect(port, host).on('error', () => undefined);
    client.write(upgrade);
    await waitFor(() => accepted === 1, { what: 'the connection' });
    first.close();
    await once(client.resume(), 'close');
    const second = uws.App();
    expect((await listen(uws, second, host, port)).port).toBe(port);
    second.close();
  });

  it('does not listen at a named port where another one does', async () => {
    const chosen = await listen(uws, uws.App(), host, 0);
    chosen.close();
    const { port } = chosen;
    const first = uws.App();
    await listen(uws, first, host, port);
    await expect(listen(uws, uws.App(), host, port)).rejects.toThrow(`port ${port}: it may be taken`);
    first.close();
  });
});

const upgrade = [
  'GET / HTTP/1.1',
  'Host: here',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');
