import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCoturn } from '@parley/infra/testing/find-coturn';
import { waitFor } from '@parley/infra/testing/wait-for';
import { isBound } from './turn-client.js';

/** A coturn of its own, on this machine alone, that believes credentials made of `secret`. */
export async function startTurnServer(secret: string) {
  const { command, env } = await findCoturn();
  const directory = await mkdtemp(join(tmpdir(), 'parley-turn-'));
  const port = await freePort();
  const server = spawn(
    command,
    [
      ...['-n', '--no-cli', '--no-tls', '--no-dtls', '--use-auth-secret', '--log-file', 'stdout'],
      ...['--static-auth-secret', secret, '--realm', 'parley', '--allow-loopback-peers'],
      ...['--listening-ip', '127.0.0.1', '--relay-ip', '127.0.0.1', '--listening-port', String(port)],
      ...['--pidfile', join(directory, 'pid'), '--userdb', join(directory, 'users')],
    ],
    { env: { ...process.env, ...env }, stdio: 'ignore' },
  );
  const exited = once(server, 'exit');
  await waitFor(() => isBound(port), { what: 'coturn to answer' });
  return {
    port,
    async stop(): Promise<void> {
      server.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
