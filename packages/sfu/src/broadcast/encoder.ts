import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdir, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import type { Program } from '@parley/infra/embedded/find-program';
import { searchPath } from '@parley/infra/embedded/search-path';
import type { Log } from '@parley/infra/runtime/log';
import { describeInput, ffmpegArguments, VOICES } from './ffmpeg-arguments.js';
import { freePortPairs } from './free-ports.js';
import type { Ladder } from './ladder.js';
import { afterExit, type Restarts } from './restart-state.js';

/** An ffmpeg that makes HLS of what it is sent, started again when it dies. */
export type Encoder = {
  /** RTP of a stream, by its place in the description: the voices, then the picture. Lost while it starts. */
  send(stream: number, packet: Buffer): void;
  sendReport(stream: number, report: Buffer): void;
  /** Resolves when it is gone. */
  close(): Promise<void>;
};

export type EncoderOptions = {
  readonly program: Program;
  /** Private, and there. */
  readonly directory: string;
  readonly ladder: Ladder;
  /** How far it stands back for others, as `nice` counts. */
  readonly niceness: number;
  readonly log: Log;
  /** A new run knows nothing of what was sent. */
  readonly onStart: () => void;
  readonly onGivenUp: (why: string) => void;
};

/** Milliseconds in which it ends by itself when it is told to. */
const GRACE_MS = 2_000;

/** Lines of what it complains of that are kept for the log. */
const MOST_COMPLAINTS = 10;

export function openEncoder(options: EncoderOptions): Encoder {
  const { program, directory, ladder, niceness, log, onStart, onGivenUp } = options;
  const socket = createSocket('udp4');
  socket.on('error', (error) => log.debug({ err: error }, 'a packet of a broadcast was not sent'));
  let ports: readonly number[] = [];
  let child: ChildProcess | undefined;
  let restarts: Restarts = { failures: 0 };
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function start(): Promise<void> {
    const startedAt = performance.now();
    try {
      ports = await freePortPairs(VOICES + 1);
      const sdp = join(directory, 'input.sdp');
      await writeFile(sdp, describeInput(ports), { mode: 0o600 });
      await Promise.all(
        ladder.qualities.map((_, index) => mkdir(join(directory, `${index}`), { recursive: true })),
      );
      if (isClosed) return;
      const code = await run(sdp);
      if (isClosed) return;
      log.warn({ code }, 'ffmpeg of a broadcast has ended');
    } catch (error) {
      if (isClosed) return;
      log.warn({ err: error }, 'ffmpeg of a broadcast does not start');
    }
    const next = afterExit(restarts, performance.now() - startedAt);
    restarts = next.restarts;
    if (next.tag === 'giveUp') return onGivenUp('ffmpeg ends again and again');
    timer = setTimeout(() => {
      running = start();
    }, next.inMs);
  }

  async function run(sdp: string): Promise<number | string> {
    const [command, ...before] = [...leash, program.command];
    const started = spawn(command as string, [...before, ...ffmpegArguments(sdp, directory, ladder)], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', ...program.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    const ended = new Promise<number | string>((resolve, reject) => {
      started.once('error', reject);
      started.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    });
    let complaints = 0;
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (complaints++ < MOST_COMPLAINTS)
        log.debug({ text: text.trimEnd() }, 'ffmpeg of a broadcast complains');
    });
    if (started.pid !== undefined) lowerPriority(started.pid, niceness);
    onStart();
    return ended.finally(() => {
      child = undefined;
    });
  }

  function to(port: number | undefined, bytes: Buffer): void {
    if (port !== undefined && child !== undefined) socket.send(bytes, port, '127.0.0.1');
  }

  let running = start();

  return {
    send: (stream, packet) => to(ports[stream], packet),
    sendReport: (stream, report) => to((ports[stream] ?? Number.NaN) + 1 || undefined, report),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      const killed = child;
      killed?.kill('SIGTERM');
      const killer = setTimeout(() => killed?.kill('SIGKILL'), GRACE_MS);
      await running;
      clearTimeout(killer);
      socket.close();
    },
  };
}

/** Where the system can: a node that is killed takes its ffmpeg with it, which would else wait for packets for ever. */
const leash: readonly string[] =
  process.platform === 'linux' && searchPath('setpriv', process.env).length > 0
    ? ['setpriv', '--pdeathsig', 'KILL', '--']
    : [];

function lowerPriority(pid: number, niceness: number): void {
  try {
    setPriority(pid, niceness);
  } catch {
    // It ended already, or the system does not let us.
  }
}
