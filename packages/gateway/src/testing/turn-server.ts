import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from '@parley/infra/embedded/find-program';
import { freePort } from '@parley/infra/embedded/free-port';
import { findCoturn } from '@parley/infra/testing/find-coturn';
import { waitFor } from '@parley/infra/testing/wait-for';
import { isBound } from './turn-client.js';

export type TurnServer = { readonly port: number; stop(): Promise<void> };

/** Ports to try: others take ports too, of UDP and of TCP, and coturn needs the same of both. */
const TRIES = 5;

/**
 * A coturn of its own, on this machine alone, that believes credentials made of `secret`.
 *
 * @throws Error with the end of what coturn said
 */
export async function startTurnServer(secret: string): Promise<TurnServer> {
  const program = await findCoturn();
  for (let tries = 1; ; tries++) {
    const { outcome, said, ...server } = await startOn(await freePort(), secret, program);
    if (outcome === 'answers') return server;
    await server.stop();
    if (outcome === 'port taken' && tries < TRIES) continue;
    const last = said().trim().split('\n').slice(-8).join('\n');
    throw new Error(`coturn on port ${server.port}: ${outcome}\n${last}`);
  }
}

async function startOn(port: number, secret: string, { command, env }: Program) {
  const directory = await mkdtemp(join(tmpdir(), 'parley-turn-'));
  const server = spawn(
    command,
    [
      ...['-n', '--no-cli', '--no-tls', '--no-dtls', '--use-auth-secret', '--log-file', 'stdout'],
      ...['--static-auth-secret', secret, '--realm', 'parley', '--allow-loopback-peers'],
      ...['--listening-ip', '127.0.0.1', '--relay-ip', '127.0.0.1', '--listening-port', String(port)],
      ...['--pidfile', join(directory, 'pid'), '--userdb', join(directory, 'users')],
    ],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = once(server, 'exit');
  const said = listenTo(server);
  return {
    port,
    outcome: await outcomeOf(server, port, said),
    said,
    async stop(): Promise<void> {
      server.kill('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

type Outcome = 'answers' | 'port taken' | 'ended' | 'silent';

/** What became of one that was started. Where its port is taken coturn says so and tries that port again, for ever. */
const outcomeOf = (server: ChildProcess, port: number, said: () => string): Promise<Outcome> =>
  waitFor<Outcome | undefined>(
    async () => {
      if (server.exitCode !== null || server.signalCode !== null) return 'ended';
      if (said().includes('Cannot bind')) return 'port taken';
      return (await isBound(port)) ? 'answers' : undefined;
    },
    { what: 'coturn to answer' },
  ).catch(() => 'silent');

/** Reads what a process says as long as it runs, and keeps the end of it. */
function listenTo(server: ChildProcess): () => string {
  const KEPT = 16_384;
  let text = '';
  const hear = (more: string) => {
    text = (text + more).slice(-KEPT);
  };
  server.stdout?.setEncoding('utf8').on('data', hear);
  server.stderr?.setEncoding('utf8').on('data', hear);
  return () => text;
}
