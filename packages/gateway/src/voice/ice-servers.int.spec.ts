import type { IceServer } from '@parley/domain/wire/voice';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GatewayFixture, openGateway, openGatewayFixture } from '../testing/gateway-fixture.js';
import { allocate } from '../testing/turn-client.js';
import { startTurnServer } from '../testing/turn-server.js';
import { CREDENTIAL_SECONDS, iceServersFor } from './ice-servers.js';

const SECRET = 'what-coturn-and-parley-share';

let turn: Awaited<ReturnType<typeof startTurnServer>>;
let fixture: GatewayFixture;
beforeAll(async () => {
  [turn, fixture] = await Promise.all([startTurnServer(SECRET), openGatewayFixture()]);
});
afterAll(async () => {
  await turn.stop();
  await fixture.close();
});

const settings = (secret = SECRET) => ({
  PARLEY_STUN_URLS: [`stun:127.0.0.1:${turn.port}`],
  PARLEY_TURN_URLS: [`turn:127.0.0.1:${turn.port}?transport=udp`],
  PARLEY_TURN_SECRET: secret,
});

/** What a client at a gateway that is set so is told. */
async function told(set: Partial<ReturnType<typeof settings>>) {
  const gateway = await openGateway(fixture.natsUrl, set);
  const client = await fixture.open('ann', undefined, gateway.ws);
  const { result } = await client.request('voice.iceServers', {});
  client.end();
  await gateway.stop();
  return result as unknown as { readonly iceServers: readonly IceServer[]; readonly expiresAt: number };
}

describe('the credential of a TURN server', () => {
  it('is for an hour, and gets an allocation of coturn', async () => {
    const { iceServers, expiresAt } = await told(settings());
    expect(iceServers).toEqual([
      { urls: [`stun:127.0.0.1:${turn.port}`] },
      {
        urls: [`turn:127.0.0.1:${turn.port}?transport=udp`],
        username: `${expiresAt / 1_000}:ann`,
        credential: expect.any(String),
      },
    ]);
    expect(Math.abs(expiresAt - Date.now() - CREDENTIAL_SECONDS * 1_000)).toBeLessThan(60_000);
    const { username = '', credential = '' } = iceServers[1] as IceServer;
    expect(await allocate(turn.port, { username, credential })).toBe('granted');
  });

  it('gets none when its time is over, when it is forged, and when it is another one’s', async () => {
    const credentialOf = (secret: string, now: number) => {
      const [, server] = iceServersFor(settings(secret), 'ann', now).iceServers;
      return { username: server?.username ?? '', credential: server?.credential ?? '' };
    };
    const now = Date.now();
    const good = credentialOf(SECRET, now);
    const expired = credentialOf(SECRET, now - (CREDENTIAL_SECONDS + 60) * 1_000);
    const later = `${Math.floor(now / 1_000) + 10 * CREDENTIAL_SECONDS}:ann`;
    expect(await allocate(turn.port, good)).toBe('granted');
    expect(await allocate(turn.port, expired)).toBe(401);
    expect(await allocate(turn.port, credentialOf('a-secret-of-somebody-else', now))).toBe(401);
    expect(await allocate(turn.port, { ...good, username: later })).toBe(401);
    expect(await allocate(turn.port, { ...good, username: good.username.replace('ann', 'eve') })).toBe(401);
  });
});

it('tells of no TURN server without the secret it shares', async () => {
  const { iceServers } = await told({ ...settings(), PARLEY_TURN_SECRET: undefined } as never);
  expect(iceServers).toEqual([{ urls: [`stun:127.0.0.1:${turn.port}`] }]);
});
