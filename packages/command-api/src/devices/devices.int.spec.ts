import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { connectNats } from '@parley/infra/runtime/connect-nats';
import { signToken } from '@parley/infra/runtime/tokens';
import { type TestEnvironment, testEnvironment } from '@parley/infra/testing/test-environment';
import { waitFor } from '@parley/infra/testing/wait-for';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApi, startTestApi, TOKEN_SECRET } from '../testing/running-api.js';

let environment: TestEnvironment;
let apis: readonly RunningApi[];
let url: string;
let otherUrl: string;

beforeAll(async () => {
  environment = await testEnvironment();
  apis = [await start(), await start()];
  [url, otherUrl] = apis.map((api) => api.url) as [string, string];
});
afterAll(async () => {
  for (const api of apis ?? []) await api.stop();
  await environment?.dispose();
});

const start = (): Promise<RunningApi> => startTestApi(environment);

/** Asks as a device of a user. */
function as(user: string, device: string, base = url) {
  return async (verb: string, path: string, body?: object, key?: string) => {
    const token = await signToken(TOKEN_SECRET, { sub: user, did: device, expiresIn: '1h' });
    const response = await fetch(base + path, {
      method: verb,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  };
}

const register = (user: string, device: string, keys = 'KEYS', name?: string) =>
  as(user, device)('POST', '/v1/devices', { commandId: randomUUID(), keys, ...(name ? { name } : {}) });

/** A name nobody else in this file has. */
const somebody = (): string => `u-${randomUUID().slice(0, 8)}`;

describe('a device', () => {
  it('is registered by its own token, listed with its keys, and replaced by registering again', async () => {
    const ann = somebody();
    const first = await register(ann, 'phone', 'OLD', 'Phone');
    expect(first).toMatchObject({ status: 200, json: { device: 'phone' } });
    await register(ann, 'laptop');
    await register(ann, 'phone', 'NEW');
    expect((await as(ann, 'laptop', otherUrl)('GET', '/v1/devices')).json).toEqual({
      devices: [
        { device: 'phone', isMine: false, keys: 'NEW', registeredAt: first.json.at },
        { device: 'laptop', isMine: true, keys: 'KEYS', registeredAt: expect.any(Number) },
      ],
    });
  });

  it('gets its first answer again under the same key, from any instance, and a refusal for other content', async () => {
    const ann = somebody();
    const first = await as(ann, 'phone')('POST', '/v1/devices', { keys: 'A' }, 'k1');
    const again = await as(ann, 'phone', otherUrl)('POST', '/v1/devices', { keys: 'A' }, 'k1');
    expect(again.json).toEqual({ ...first.json, repeated: true });
    for (const [device, keys] of [
      ['phone', 'B'],
      ['laptop', 'A'],
    ] as const) {
      expect(await as(ann, device)('POST', '/v1/devices', { keys }, 'k1')).toMatchObject({
        status: 409,
        json: { tag: 'IdReused' },
      });
    }
    expect(await as(ann, 'phone')('DELETE', '/v1/devices/phone', {}, 'k1')).toMatchObject({
      json: { tag: 'IdReused' },
    });
  });

  it('takes no keys beyond 16 KiB, and no time from whoever asks', async () => {
    const ann = somebody();
    const tooLarge = await as(ann, 'phone')('POST', '/v1/devices', { keys: 'x'.repeat(16_385) }, 'k1');
    expect(tooLarge).toMatchObject({ status: 422, json: { tag: 'InvalidParams' } });
    const early = await as(ann, 'phone')('POST', '/v1/devices', { keys: 'A', at: 5, registeredAt: 5 }, 'k2');
    // The log's clock and this process's own may be apart by a little.
    expect(early.json.at).toBeGreaterThan(Date.now() - 60_000);
  });
});

describe('a revoked device', () => {
  it('is refused by every instance, reading and writing, and the other devices of its user are not', async () => {
    const ann = somebody();
    await register(ann, 'phone');
    await register(ann, 'laptop');
    await as(ann, 'phone', otherUrl)('GET', '/v1/devices');
    const revoked = await as(ann, 'laptop')('DELETE', '/v1/devices/phone', { commandId: 'r1' });
    expect(revoked).toMatchObject({ status: 200, json: { device: 'phone' } });

    expect(await as(ann, 'phone')('GET', '/v1/devices')).toMatchObject({
      status: 403,
      json: { tag: 'DeviceRevoked' },
    });
    await waitFor(async () => (await as(ann, 'phone', otherUrl)('GET', '/v1/devices')).status === 403, {
      what: 'the other instance to refuse it',
    });
    for (const base of [url, otherUrl]) {
      expect(await as(ann, 'phone', base)('POST', '/v1/devices', { keys: 'B' }, 'k2')).toMatchObject({
        json: { tag: 'DeviceRevoked' },
      });
      const { json } = await as(ann, 'laptop', base)('GET', '/v1/devices');
      expect(json).toMatchObject({
        devices: [{ device: 'laptop' }, { device: 'phone', revokedAt: revoked.json.at }],
      });
      expect(JSON.stringify(json)).not.toContain('"device":"phone","keys"');
    }
    const again = await as(ann, 'laptop')('DELETE', '/v1/devices/phone', { commandId: 'r2' });
    expect(again.json).toEqual(revoked.json);
  });

  it('is refused by an instance that heard nothing of it, and one that never registered as well', async () => {
    const ann = somebody();
    await as(ann, 'laptop')('DELETE', '/v1/devices/lost', { commandId: 'r1' });
    const late = await start();
    const { status } = await as(ann, 'lost', late.url)('GET', '/v1/devices');
    expect(status).toBe(403);
    await late.stop();
  });

  it('is known after a cold start from a snapshot, however many events came', async () => {
    const ann = somebody();
    await as(ann, 'laptop')('DELETE', '/v1/devices/lost', { commandId: 'r1' });
    for (let n = 0; n < 120; n++) await register(ann, 'laptop', `K${n}`);
    const late = await start();
    const lateUrl = late.url;
    expect((await as(ann, 'lost', lateUrl)('GET', '/v1/devices')).status).toBe(403);
    expect((await as(ann, 'laptop', lateUrl)('GET', '/v1/devices')).json).toMatchObject({
      devices: [{ device: 'laptop', keys: 'K119' }, { device: 'lost' }],
    });
    await late.stop();
  });

  it('leaves an event in the log of its user, which was republished as it was stored', async () => {
    const ann = somebody();
    const nats = await connectNats(environment.natsUrl, 'listener');
    const heard: Record<string, unknown>[] = [];
    nats.subscribe('account.*.*', {
      callback: (_, message) => {
        if (message.subject.endsWith(`.${ann}`)) heard.push(message.json());
      },
    });
    await nats.flush();
    await register(ann, 'phone', 'KEYS', 'Phone');
    await as(ann, 'laptop')('DELETE', '/v1/devices/phone', { commandId: 'r1' });
    await waitFor(() => heard.length === 2, { what: 'two events' });
    expect(heard).toMatchObject([
      {
        id: `${ann}:1`,
        type: 'device.registered',
        version: 1,
        user: ann,
        seq: 1,
        by: 'phone',
        data: { device: 'phone', keys: 'KEYS', name: 'Phone' },
      },
      { type: 'device.revoked', seq: 2, by: 'laptop', commandId: 'r1', data: { device: 'phone' } },
    ]);
    await nats.close();
  });
});

describe('keys of the members of a conversation', () => {
  async function group(owner: string, members: readonly string[]): Promise<string> {
    const conversationId = `g-${randomUUID()}`;
    const made = await as(owner, 'laptop')('POST', '/v1/conversations', {
      conversationId,
      commandId: randomUUID(),
      kind: 'group',
      members,
    });
    expect(made.status).toBe(200);
    return `/v1/conversations/${conversationId}/keys`;
  }

  it('are those of devices that are not revoked, page by page in the order of the users', async () => {
    const [ann, bob, cem] = [`a${somebody()}`, `b${somebody()}`, `c${somebody()}`];
    const path = await group(ann, [bob, cem]);
    await register(ann, 'laptop', 'A1');
    await register(bob, 'phone', 'B1');
    await register(bob, 'tablet', 'B2');
    await as(bob, 'phone')('DELETE', '/v1/devices/tablet', { commandId: 'r1' });

    const first = await as(cem, 'any')('GET', `${path}?limit=2`);
    expect(first.json).toEqual({
      members: [
        { user: ann, devices: [{ device: 'laptop', keys: 'A1' }] },
        { user: bob, devices: [{ device: 'phone', keys: 'B1' }] },
      ],
      hasMore: true,
      nextAfter: bob,
    });
    const rest = await as(cem, 'any')('GET', `${path}?limit=2&after=${bob}`);
    expect(rest.json).toEqual({ members: [{ user: cem, devices: [] }], hasMore: false });
  });

  it('are for members only', async () => {
    const path = await group(somebody(), []);
    expect((await as(somebody(), 'any')('GET', path)).json).toMatchObject({ tag: 'NotAMember' });
  });

  it('come in smaller pages where they are large, so that each fits into a message of the broker', async () => {
    const owner = somebody();
    const members = Array.from({ length: 30 }, (_, n) => `${somebody()}-${n}`);
    const path = await group(owner, members);
    await Promise.all(members.map((user) => register(user, 'phone', 'x'.repeat(16_384))));
    const seen: unknown[] = [];
    let after = '';
    for (let pages = 1; ; pages++) {
      const { json } = await as(owner, 'laptop')('GET', `${path}?limit=100${after && `&after=${after}`}`);
      expect(JSON.stringify(json).length).toBeLessThan(300 * 1024);
      seen.push(...(json.members as { user: string }[]).map(({ user }) => user));
      if (json.hasMore !== true) {
        expect(pages).toBeGreaterThan(1);
        break;
      }
      after = json.nextAfter as string;
    }
    expect(seen).toEqual([owner, ...members].sort());
  });
});
