import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BroadcastSource } from '@parley/domain/call/call';
import type { Program } from '@parley/infra/embedded/find-program';
import type { Log } from '@parley/infra/runtime/log';
import type { RoomMedia } from '../room/rooms.js';
import { makeDirectory } from './directory.js';
import { openEncoder } from './encoder.js';
import { openFeed } from './feed.js';
import type { Ladder } from './ladder.js';
import { openStreams } from './streams.js';

/** One call as HLS, until it is closed; goes on over workers that die. */
export type Broadcast = {
  /** Where its files are, for nobody else on this machine. */
  readonly directory: string;
  /** Resolves when ffmpeg is gone, and its files are. */
  close(): Promise<void>;
};

export type BroadcastOptions = {
  readonly source: BroadcastSource;
  readonly program: Program;
  readonly ladder: Ladder;
  readonly niceness: number;
  /** The room's media now; another one after its worker died. */
  readonly mediaOf: () => Promise<RoomMedia | undefined>;
  readonly log: Log;
  readonly onGivenUp: (why: string) => void;
};

/** Milliseconds until a room is looked for again. */
const AGAIN_MS = 500;

/** @throws Error when there is no place for its files */
export async function openBroadcast(options: BroadcastOptions): Promise<Broadcast> {
  const { source, program, ladder, niceness, mediaOf, log, onGivenUp } = options;
  const directory = await makeDirectory();
  const closed = Promise.withResolvers<void>();
  let isClosed = false;

  const streams = openStreams({
    send: (stream, packet) => encoder.send(stream, packet),
    sendReport: (stream, report) => encoder.sendReport(stream, report),
  });
  const encoder = openEncoder({
    program,
    directory,
    ladder,
    niceness,
    log,
    onStart: () => streams.again(),
    onGivenUp,
  });

  async function feed(): Promise<void> {
    while (!isClosed) {
      const media = await mediaOf();
      const fed = media && (await openFeed({ media, source, streams, log }).catch(() => undefined));
      if (media === undefined || fed === undefined) {
        await Promise.race([sleep(AGAIN_MS), closed.promise]);
        continue;
      }
      await Promise.race([media.closed, closed.promise]);
      fed.close();
      streams.setShown(false);
    }
  }
  const fed = feed();

  return {
    directory,
    async close() {
      isClosed = true;
      closed.resolve();
      await fed;
      streams.close();
      await encoder.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
