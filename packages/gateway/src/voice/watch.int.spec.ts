import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { redisUrlBeside } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { openPlacements } from '@parley/infra/voice/placements';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCalls, openTestNode, type TestNode, tagOf } from '../testing/call-world.js';
import { type GatewayFixture, openGatewayFixture, tokenOf } from '../testing/gateway-fixture.js';

const conversationId = 'v-watch';
const SEGMENT = Buffer.alloc(20_000, 7);
const LARGE = Buffer.alloc(7 * 1024 * 1024, 7);

let fixture: GatewayFixture;
let node: TestNode;
let server: Server;
let call: number;
/** Paths asked of the node. */
const asked: string[] = [];
let why: string | undefined;

beforeAll(async () => {
  fixture = await openGatewayFixture();
  server = createServer((request, response) => {
    asked.push(request.url as string);
    if (!request.headers.authorization?.startsWith('Bearer ')) response.writeHead(403).end();
    else if (why !== undefined) response.writeHead(404).end(why);
    else if (request.url?.endsWith('/99.ts')) response.end(LARGE);
    else response.end(request.url?.endsWith('.ts') ? SEGMENT : '#EXTM3U\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const http = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  node = await openTestNode(fixture.nats, redisUrlBeside(fixture.natsUrl), () => undefined, { http });
  await fixture.api.create(conversationId, 'ann', 'bob', 'cat', 'dan');
  const calls = openCalls(fixture.api);
  call = await calls.start(conversationId, 'ann', 'laptop');
});
afterAll(async () => {
  await node.close();
  server.close();
  server.closeAllConnections();
  await fixture.close();
});

async function open(user: string) {
  const client = await fixture.connect();
  await client.request('session.open', { token: await tokenOf(user, '1h', 'laptop'), device: 'laptop' });
  return client;
}

async function watch(user: string, of = conversationId, number = call) {
  const client = await open(user);
  return client.request('voice.watch', { conversationId: of, call: number });
}

const get = (url: string) => fetch(new URL(url, fixture.gateway.url));

/** The address that a member is given. */
async function addressFor(user: string, of = conversationId, number = call): Promise<string> {
  const address = await waitFor(
    async () => ((await watch(user, of, number)).result as { url: string } | undefined)?.url,
    { what: 'an address' },
  );
  return address.replace('index.m3u8', '');
}

describe('watching a broadcast', () => {
  it('is for members, while there is something to see', async () => {
    expect(tagOf(await watch('bob'))).toBe('VoiceUnavailable');
    await fixture.api.happen(conversationId, 'ann', {
      type: 'call.broadcastSet',
      data: { call, source: 'mix' },
    });
    why = 'no ffmpeg could be found';
    const refused = await waitFor(
      async () => {
        const answer = await watch('bob');
        return JSON.stringify(answer.error).includes('ffmpeg') && answer;
      },
      { what: 'the reason' },
    );
    expect(tagOf(refused)).toBe('VoiceUnavailable');
    why = undefined;
    const address = await addressFor('bob');
    const playlist = await get(`${address}index.m3u8`);
    expect(playlist.status).toBe(200);
    expect(playlist.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(playlist.headers.get('cache-control')).toBe('no-cache');
    expect(tagOf(await watch('stranger'))).toBe('ConversationNotFound');
  });

  it('costs the node one request for a thousand who watch', { timeout: 60_000 }, async () => {
    const address = await addressFor('bob');
    asked.length = 0;
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const response = await get(`${address}0/17.ts`);
        return { status: response.status, bytes: (await response.arrayBuffer()).byteLength };
      }),
    );
    expect(answers.every(({ status, bytes }) => status === 200 && bytes === SEGMENT.length)).toBe(true);
    expect(asked).toEqual([`/broadcasts/${conversationId}/${call}/0/17.ts`]);
  });

  it('is whole for who reads slowly, and is held once for all of them', async () => {
    const address = await addressFor('bob');
    expect((await get(`${address}0/99.ts`)).status).toBe(200);
    const { port } = new URL(fixture.gateway.url);
    const before = process.memoryUsage().rss;
    const readers: Socket[] = [];
    let begun = 0;
    for (let n = 0; n < 60; n++) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.once('data', () => {
        socket.pause();
        begun++;
      });
      socket.write(`GET ${address}0/99.ts HTTP/1.1\r\nhost: x\r\n\r\n`);
      readers.push(socket);
    }
    await waitFor(() => begun === readers.length, { what: 'all of them to be answered' });
    expect(process.memoryUsage().rss - before).toBeLessThan(5 * LARGE.length);
    let bytes = 0;
    const [slow, ...others] = readers;
    for (const socket of others) socket.destroy();
    slow?.on('data', (chunk) => {
      bytes += chunk.length;
    });
    slow?.resume();
    await waitFor(() => bytes > LARGE.length - 1024 * 1024, { what: 'the whole of it' });
    slow?.destroy();
  });

  it('asks no node for all that somebody may think of, and serves everybody else meanwhile', async () => {
    // Of his window nothing is used up by the other tests.
    const [dan, cat] = [await addressFor('dan'), await addressFor('cat')];
    asked.length = 0;
    const begin = performance.now();
    const statuses = await Promise.all(
      Array.from({ length: 500 }, async (_, n) => (await get(`${dan}1/${1_000 + n}.ts`)).status),
    );
    const windows = 1 + Math.floor((performance.now() - begin) / 10_000);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect(asked.length).toBeLessThanOrEqual(100 * windows);
    let next = 2_000;
    const refused = await waitFor(
      async () => {
        const answer = await get(`${dan}1/${next++}.ts`);
        return answer.status === 429 ? answer : undefined;
      },
      { what: 'a refusal' },
    );
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await (await get('/metrics')).text()).toMatch(/_limited_total\{what="files",of="user".*\} [1-9]/);
    expect((await get(`${cat}1/9000.ts`)).status).toBe(200);
    // What somebody else had fetched costs nothing.
    expect((await get(`${dan}1/9000.ts`)).status).toBe(200);
  });

  it('opens nothing else', async () => {
    const address = await addressFor('bob');
    asked.length = 0;
    for (const name of ['input.sdp', '3/index.m3u8', '0/x.ts', '0/..%2f..%2fmetrics', '%2e%2e/health'])
      expect((await get(`${address}${name}`)).status).toBe(404);
    expect((await get('/v1/hls/forged.token.here/index.m3u8')).status).toBe(403);
    expect(asked).toEqual([]);
  });

  it('ends with the call, which is placed nowhere for those who watch on', async () => {
    const ended = 'v-watch-ended';
    await fixture.api.create(ended, 'ann', 'bob');
    const calls = openCalls(fixture.api);
    const over = await calls.start(ended, 'ann', 'laptop');
    await fixture.api.happen(ended, 'ann', {
      type: 'call.broadcastSet',
      data: { call: over, source: 'mix' },
    });
    const address = await addressFor('bob', ended, over);
    expect((await get(`${address}index.m3u8`)).status).toBe(200);
    const redis = new Redis(redisUrlBeside(fixture.natsUrl));
    const placements = openPlacements(redis);
    await calls.end(ended, over, 'ann');
    // As its node does.
    await placements.free(ended, over);
    await waitFor(async () => (await get(`${address}index.m3u8`)).status === 404, {
      what: 'nothing to be there',
    });
    expect(await placements.read(ended)).toBeUndefined();
    redis.disconnect();
  });

  it('ends for who is put out', { timeout: 30_000 }, async () => {
    const address = await addressFor('cat');
    expect((await get(`${address}index.m3u8`)).status).toBe(200);
    await fixture.api.happen(conversationId, 'ann', { type: 'member.removed', data: { users: ['cat'] } });
    await waitFor(async () => (await get(`${address}index.m3u8`)).status === 403, {
      what: 'a refusal',
      timeout: 5_000,
    });
    expect((await get(`${await addressFor('bob')}index.m3u8`)).status).toBe(200);
  });
});
