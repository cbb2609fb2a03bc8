import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BroadcastSource } from '@parley/domain/call/call';
import { findFfmpeg } from '@parley/infra/embedded/find-ffmpeg';
import type { Program } from '@parley/infra/embedded/find-program';
import type { Log } from '@parley/infra/runtime/log';
import { isBroadcastFile } from '@parley/infra/voice/broadcast-file';
import type { Rooms, Tell } from '../room/rooms.js';
import { type Broadcast, openBroadcast } from './broadcast.js';
import { ladders } from './ladder.js';

/** The broadcasts of the calls of a node: at most one of each, and so many in all. */
export type Broadcasts = {
  /** What the log says is broadcast of a call that is here; the same again changes nothing. */
  set(conversationId: string, call: number, source: BroadcastSource | null): void;
  /** The call is not here any more. */
  stop(conversationId: string): void;
  /** One file of a broadcast; else why there is none, in words. */
  file(conversationId: string, call: number, name: string): Promise<Buffer | string>;
  close(): Promise<void>;
};

export type BroadcastsOptions = {
  readonly rooms: Pick<Rooms, 'media'>;
  readonly tell: Tell;
  readonly log: Log;
  readonly find?: () => Promise<Program>;
  readonly ladders?: typeof ladders;
  /** How far ffmpeg stands back for others, as `nice` counts: 10 unless given, calls go first. */
  readonly niceness?: number;
  /** Broadcasts at once: each is the work of about a core. */
  readonly most: number;
  /** Milliseconds between two tellings of what has become of each: 2,000 unless given. */
  readonly tellEvery?: number;
};

/** What is wanted of a call, and what has become of it. */
type Wanted = {
  readonly call: number;
  readonly source: BroadcastSource;
  broadcast: Broadcast | undefined;
  refused: string | undefined;
};

export function openBroadcasts({
  rooms,
  tell,
  log,
  find = () => findFfmpeg({ report: (line) => log.info(line) }),
  ladders: given = ladders,
  niceness = 10,
  most,
  tellEvery = 2_000,
}: BroadcastsOptions): Broadcasts {
  const all = new Map<string, Wanted>();
  const ending = new Set<Promise<void>>();
  let finding: Promise<Program | undefined> | undefined;
  // A notice may come before the event that it is about, or be lost, and whoever enters later heard none.
  const telling = setInterval(() => {
    for (const [conversationId, wanted] of all) tellOf(conversationId, wanted);
  }, tellEvery);

  /** Looked for once; where there was none, with the next broadcast again. */
  function program(): Promise<Program | undefined> {
    finding ??= find().catch((error: unknown) => {
      finding = undefined;
      log.error({ err: error }, 'there is no ffmpeg');
      return undefined;
    });
    return finding;
  }

  async function start(conversationId: string, wanted: Wanted): Promise<void> {
    const isWanted = (): boolean => all.get(conversationId) === wanted;
    try {
      const found = await program();
      if (!isWanted()) return;
      if (found === undefined) return refuse(conversationId, wanted, 'its node has no ffmpeg');
      const broadcast = await openBroadcast({
        source: wanted.source,
        program: found,
        ladder: given[wanted.source],
        niceness,
        mediaOf: () => rooms.media(conversationId),
        log,
        onGivenUp(why) {
          if (isWanted()) refuse(conversationId, wanted, why);
          end(wanted);
        },
      });
      wanted.broadcast = broadcast;
      if (!isWanted()) return end(wanted);
      log.info({ conversationId, source: wanted.source }, 'a call is broadcast');
      tellOf(conversationId, wanted);
    } catch (error) {
      // What went wrong may name what is on this machine: that is for its log.
      log.error({ err: error, conversationId }, 'a broadcast did not begin');
      if (isWanted()) refuse(conversationId, wanted, 'its node could not begin it');
    }
  }

  /** The call goes on; who is in it learns that nobody else sees it. */
  function refuse(conversationId: string, wanted: Wanted, why: string): void {
    wanted.refused = why;
    log.error({ conversationId, why }, 'a call is not broadcast');
    tellOf(conversationId, wanted);
  }

  /** Of one that is still being started there is nothing to tell. */
  function tellOf(conversationId: string, { call, source, broadcast, refused }: Wanted): void {
    if (broadcast === undefined && refused === undefined) return;
    const value = { conversationId, call, source, refused: refused ?? null };
    tell(conversationId, { to: 'all', name: 'voice.broadcast', value });
  }

  function end(wanted: Wanted): void {
    const { broadcast } = wanted;
    if (broadcast === undefined) return;
    wanted.broadcast = undefined;
    const ended = broadcast
      .close()
      .catch((error: unknown) => log.error({ err: error }, 'a broadcast did not end well'))
      .finally(() => ending.delete(ended));
    ending.add(ended);
  }

  function stop(conversationId: string): void {
    const wanted = all.get(conversationId);
    all.delete(conversationId);
    if (wanted !== undefined) end(wanted);
  }

  return {
    set(conversationId, call, source) {
      const known = all.get(conversationId);
      if (known?.call === call && known.source === source) return;
      stop(conversationId);
      if (source === null) return;
      const wanted: Wanted = { call, source, broadcast: undefined, refused: undefined };
      const running = [...all.values()].filter(({ refused }) => refused === undefined).length;
      all.set(conversationId, wanted);
      if (running >= most) refuse(conversationId, wanted, `this node has ${most} broadcasts already`);
      else void start(conversationId, wanted);
    },
    stop,
    async file(conversationId, call, name) {
      const wanted = all.get(conversationId);
      if (wanted?.call !== call) return 'nothing is broadcast here';
      if (wanted.refused !== undefined) return wanted.refused;
      const { broadcast } = wanted;
      if (broadcast === undefined || !isBroadcastFile(name)) return 'there is nothing of it yet';
      return readFile(join(broadcast.directory, name)).catch(() => 'there is nothing of it yet');
    },
    async close() {
      clearInterval(telling);
      for (const conversationId of [...all.keys()]) stop(conversationId);
      await Promise.all(ending);
    },
  };
}
