import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFfmpeg } from '@parley/infra/embedded/find-ffmpeg';
import { createLog } from '@parley/infra/runtime/log';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestRooms, type TestRooms, testCall } from '../testing/open-test-rooms.js';
import { playIntoRoom } from '../testing/play-into-room.js';
import { type Broadcasts, type BroadcastsOptions, openBroadcasts } from './broadcasts.js';

const { conversationId, call } = testCall;
const log = createLog('broadcast', 'silent');

let test: TestRooms;
let broadcasts: Broadcasts;
const players: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  test = await openTestRooms({ workers: 2, portMin: 45_000 });
  test.rooms.open(testCall);
  broadcasts = open();
});
afterEach(async () => {
  await Promise.all(players.splice(0).map((player) => player.stop()));
  await broadcasts.close();
  await test.close();
});

/** Small pictures: what is tested is not how fast this machine encodes. */
const small = {
  framesPerSecond: 10,
  qualities: [
    { width: 320, height: 180, bitrate: 300_000 },
    { width: 192, height: 108, bitrate: 200_000 },
    { width: 128, height: 72, bitrate: 100_000 },
  ],
};

const open = (over: Partial<BroadcastsOptions> = {}): Broadcasts =>
  openBroadcasts({
    rooms: test.rooms,
    tell: (_, notice) => void test.notices.push(notice),
    log,
    ladders: { mix: small, screen: small },
    niceness: 0,
    most: 1,
    ...over,
  });

async function play(participant: number, options = {}) {
  const media = await test.rooms.media(conversationId);
  if (media === undefined) throw new Error('there is no room');
  const player = await playIntoRoom(media, participant, options);
  players.push(player);
  return player;
}

const text = async (name: string): Promise<string> => `${await broadcasts.file(conversationId, call, name)}`;

/** The newest segment of a quality. */
const segment = (quality: number) =>
  waitFor(
    async () => {
      const names = (await text(`${quality}/index.m3u8`)).match(/^\d+\.ts$/gm) ?? [];
      return names.at(-1);
    },
    { what: `a segment of quality ${quality}`, timeout: 40_000 },
  );

/** What a decoder finds in a segment: the size of its picture, whether that moves, and how loud it is. */
async function decode(quality: number, name: string) {
  const file = await broadcasts.file(conversationId, call, `${quality}/${name}`);
  const directory = await mkdtemp(join(tmpdir(), 'parley-decode-'));
  try {
    const path = join(directory, name);
    await writeFile(path, file);
    const { command, env } = await findFfmpeg();
    const { stderr } = await promisify(execFile)(
      command,
      ['-i', path, '-af', 'volumedetect', '-vf', 'blackdetect=d=0.5', '-f', 'null', '-'],
      { env: { PATH: process.env.PATH ?? '', ...env } },
    );
    return {
      size: /Video: h264.*, (\d+x\d+)[ ,]/.exec(stderr)?.[1],
      loudest: Number(/max_volume: (-?[\d.]+) dB/.exec(stderr)?.[1]),
      isBlack: stderr.includes('black_start:0 '),
    };
  } finally {
    await rm(directory, { recursive: true });
  }
}

const directories = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('parley-broadcast-'));

describe('a broadcast', () => {
  it('makes three qualities that decode, with sound and a picture, and leaves nothing behind', {
    timeout: 90_000,
  }, async () => {
    const before = await directories();
    await play(100);
    broadcasts.set(conversationId, call, 'mix');
    const names = await Promise.all([0, 1, 2].map((quality) => segment(quality)));
    const master = await text('index.m3u8');
    expect(master.match(/RESOLUTION=\d+x\d+/g)).toEqual([
      'RESOLUTION=320x180',
      'RESOLUTION=192x108',
      'RESOLUTION=128x72',
    ]);
    expect(await text('0/index.m3u8')).toMatch(/#EXT-X-TARGETDURATION:2\b/);
    // It begins with silence and black, until the first key frame of who is shown.
    const found = await waitFor(
      async () => {
        const seen = await decode(2, await segment(2));
        return seen.loudest > -40 && !seen.isBlack ? seen : undefined;
      },
      { what: 'a voice and a picture', timeout: 40_000 },
    );
    expect(found.size).toBe('128x72');
    expect((await decode(0, names[0] as string)).size).toBe('320x180');
    expect(test.rooms.list()[0]?.consumers).toBe(0);
    broadcasts.stop(conversationId);
    await waitFor(async () => (await directories()).every((name) => before.includes(name)), {
      what: 'no files',
    });
    expect(await text('index.m3u8')).toBe('nothing is broadcast here');
  });

  it('is refused in words where it cannot be made, and where a node has enough of them', async () => {
    // What is on the node's disk is nothing to those in the call.
    const none = open({ find: () => Promise.reject(new Error('there is no /opt/ffmpeg')) });
    none.set(conversationId, call, 'mix');
    const said = await test.told(1, 'voice.broadcast');
    expect(said).toMatchObject({ source: 'mix', refused: 'its node has no ffmpeg' });
    expect(await none.file(conversationId, call, 'index.m3u8')).toBe('its node has no ffmpeg');
    const full = open({ most: 0 });
    full.set(conversationId, call, 'mix');
    expect(await full.file(conversationId, call, 'index.m3u8')).toContain('0 broadcasts already');
    expect(test.rooms.list()).toHaveLength(1);
  });

  it('is told of as long as it lasts: whoever enters later has not heard what was told before', async () => {
    const told = () => test.notices.filter(({ name }) => name === 'voice.broadcast').length;
    const none = open({ find: () => Promise.reject(new Error('there is none')), tellEvery: 50 });
    none.set(conversationId, call, 'mix');
    await waitFor(() => told() > 2, { what: 'a refusal told again' });
    none.set(conversationId, call, null);
    const after = told();
    broadcasts = open({ tellEvery: 50 });
    broadcasts.set(conversationId, call, 'screen');
    await waitFor(() => told() > after + 2, { what: 'a broadcast told again' });
    for (const { value } of test.notices.slice(-2))
      expect(value).toEqual({ conversationId, call, source: 'screen', refused: null });
    await none.close();
  });

  it('is started again when ffmpeg dies', { timeout: 90_000 }, async () => {
    const pids = async () => (await children()).filter((each) => each.includes('input.sdp'));
    broadcasts.set(conversationId, call, 'screen');
    const [first] = await waitFor(async () => ((await pids()).length > 0 ? pids() : undefined), {
      what: 'ffmpeg',
    });
    process.kill(Number.parseInt(first as string, 10), 'SIGKILL');
    await waitFor(async () => (await pids()).some((each) => each !== first), { what: 'another ffmpeg' });
  });
});

/** This process's children: their ids and how they were started. */
async function children(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ps', ['--ppid', `${process.pid}`, '-o', 'pid=,args=']);
  return stdout.split('\n').map((line) => line.trim());
}
