import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { makeVerifier, signToken, TokenRefused } from './tokens.js';

const secret = new Uint8Array(32).fill(7);
const verify = makeVerifier({ secret });

const faultOf = (token: Promise<unknown>) =>
  token.then(
    () => 'accepted',
    (error) => (error instanceof TokenRefused ? error.fault : error),
  );

describe('a token signed with the local secret', () => {
  it('names the caller, the device, the scopes and when it ends', async () => {
    const before = Date.now();
    const token = await signToken(secret, {
      sub: 'ada',
      did: 'laptop',
      scope: 'import operator',
      expiresIn: '1h',
    });
    const caller = await verify(token);
    expect(caller).toEqual({
      userId: 'ada',
      deviceId: 'laptop',
      scopes: new Set(['import', 'operator']),
      expiresAt: expect.any(Number),
    });
    expect(Math.abs(caller.expiresAt - before - 3_600_000)).toBeLessThan(5_000);
    expect(await verify(token)).toBe(await verify(token));
  });

  it('is refused when it has expired', async () => {
    const token = await signToken(secret, { sub: 'ada', did: 'laptop', expiresIn: -60 });
    expect(await faultOf(verify(token))).toBe('expired');
  });

  it('is refused when another secret signed it', async () => {
    const token = await signToken(new Uint8Array(32).fill(8), { sub: 'ada', did: 'laptop', expiresIn: 60 });
    expect(await faultOf(verify(token))).toBe('forged');
  });

  it('is refused when nobody signed it', async () => {
    const token = new UnsecuredJWT({ did: 'laptop' }).setSubject('ada').setExpirationTime('1h').encode();
    expect(await faultOf(verify(token))).toBe('forged');
  });

  it.each([
    ['', 'malformed'],
    ['a.b', 'malformed'],
    ['a.b.c', 'malformed'],
    ['\u0000'.repeat(100), 'malformed'],
  ])('is refused when it is %j', async (token, fault) => {
    expect(await faultOf(verify(token))).toBe(fault);
  });

  it.each([
    [{ did: 'laptop' }],
    [{ sub: 'ada' }],
    [{ sub: '@system', did: 'laptop' }],
    [{ sub: 'ada > bob', did: 'laptop' }],
  ])('is refused when its claims are %j', async (claims) => {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(secret);
    expect(await faultOf(verify(token))).toBe('malformed');
  });

  it('is refused when it never expires', async () => {
    const token = await new SignJWT({ sub: 'ada', did: 'laptop' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(secret);
    expect(await faultOf(verify(token))).toBe('malformed');
  });
});

describe('a token of an identity provider', () => {
  it('is checked against the published keys, and unavailable is not forged', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] };
    let status = 503;
    const provider = createServer((_, response) => response.writeHead(status).end(JSON.stringify(keys)));
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
    const verifyRemote = makeVerifier({
      jwksUrl: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/`,
    });
    const token = await new SignJWT({ did: 'phone' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setSubject('ada')
      .setExpirationTime('1h')
      .sign(privateKey);

    expect(await faultOf(verifyRemote(token))).toBe('unavailable');
    status = 200;
    expect(await verifyRemote(token)).toMatchObject({ userId: 'ada', deviceId: 'phone' });
    const local = await signToken(secret, { sub: 'ada', did: 'phone', expiresIn: 60 });
    expect(await faultOf(verifyRemote(local))).toBe('forged');
    provider.close();
  });
});
