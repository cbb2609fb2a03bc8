import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { makeVerifier } from '@parley/infra/runtime/tokens';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSite } from '../site/read-site.js';
import { loadUws } from '../uws/load.js';
import { serveHttp } from './http-routes.js';
import { listen } from './listen.js';
import { serveSignIn } from './sign-in-routes.js';

const SECRET = new Uint8Array(32).fill(3);
const SCRIPT = 'console.log("hello")'.repeat(50);
const uws = loadUws();
let directory: string;
let listening: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'parley-site-'));
  mkdirSync(join(directory, 'assets'));
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>Parley</title>');
  writeFileSync(join(directory, 'notes.private'), 'not for anybody');
  writeFileSync(join(directory, 'assets', 'a-1234.js'), SCRIPT);
  writeFileSync(join(directory, 'assets', 'a-1234.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(directory, 'assets', 'a-1234.js.gz'), gzipSync(SCRIPT));
  const app = uws.App();
  serveSignIn(app, SECRET);
  serveHttp(app, readSite(directory), new Registry(), []);
  listening = await listen(uws, app, '127.0.0.1', 0);
});
afterAll(() => {
  listening.close();
  rmSync(directory, { recursive: true });
});

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };

function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string; port?: number } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body, port = listening.port } = options;
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts),
        }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

describe('the web client', () => {
  it('is served in the smallest form that is accepted, and for ever where its name says its content', async () => {
    const brotli = await ask('/assets/a-1234.js', { headers: { 'accept-encoding': 'gzip, deflate, br' } });
    expect(brotli).toMatchObject({
      status: 200,
      headers: { 'content-encoding': 'br', vary: 'accept-encoding' },
    });
    expect(brotli.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(brotli.headers['cache-control']).toContain('immutable');
    expect(brotliDecompressSync(brotli.body).toString()).toBe(SCRIPT);
    const gzip = await ask('/assets/a-1234.js', { headers: { 'accept-encoding': 'br;q=0, gzip' } });
    expect(gunzipSync(gzip.body).toString()).toBe(SCRIPT);
    const plain = await ask('/assets/a-1234.js');
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body.toString()).toBe(SCRIPT);
    expect(new Set([brotli, gzip, plain].map(({ headers }) => headers.etag)).size).toBe(3);
  });

  it('is asked for anew at its address, and not sent to who has it', async () => {
    const first = await ask('/');
    expect(first).toMatchObject({ status: 200, headers: { 'cache-control': 'no-cache' } });
    const again = await ask('/', { headers: { 'if-none-match': `"other", W/${first.headers.etag}` } });
    expect(again.status).toBe(304);
    expect(again.body).toHaveLength(0);
  });

  it('may run and load what comes from here, and nothing else', async () => {
    const { headers } = await ask('/');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('may ask for what calls need, and for nothing else', async () => {
    const { headers } = await ask('/');
    const policy = String(headers['permissions-policy']);
    for (const wanted of ['camera', 'microphone', 'display-capture'])
      expect(policy).toContain(`${wanted}=(self)`);
    expect(policy).toContain('geolocation=()');
  });

  it('answers HEAD with the length alone', async () => {
    const { status, headers, body } = await ask('/assets/a-1234.js', { method: 'HEAD' });
    expect([status, headers['content-length'], body.length]).toEqual([200, String(SCRIPT.length), 0]);
  });

  it.each([
    '/assets/none.js',
    '/notes.private',
    '/assets/../index.html',
    '/%2e%2e/package.json',
    '/index.html.br',
  ])('has nothing at %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });

  it('takes nothing', async () => {
    expect((await ask('/', { method: 'PUT', body: 'x' })).status).toBe(404);
  });

  it('gives way to a page that says what runs here, where it was not built', async () => {
    const app = uws.App();
    serveHttp(app, readSite(join(directory, 'assets')), new Registry(), []);
    const bare = await listen(uws, app, '127.0.0.1', 0);
    const { status, body } = await ask('/', { port: bare.port });
    bare.close();
    expect(status).toBe(200);
    expect(body.toString()).toContain('Parley runs here');
  });
});

describe('signing in by name', () => {
  const json = { 'content-type': 'application/json' };
  const here = (): string => `http://127.0.0.1:${listening.port}`;

  it('gives a short token of a new device, and another for the same device', async () => {
    const answer = await ask('/v1/sign-in', {
      method: 'POST',
      headers: { ...json, origin: here(), 'sec-fetch-site': 'same-origin' },
      body: '{"user":"ann"}',
    });
    const { token, device } = JSON.parse(answer.body.toString()) as { token: string; device: string };
    expect(answer.headers['cache-control']).toBe('no-store');
    const caller = await makeVerifier({ secret: SECRET })(token);
    expect(caller).toMatchObject({ userId: 'ann', deviceId: device, scopes: new Set() });
    expect(caller.expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
    const other = await ask('/v1/sign-in', { method: 'POST', headers: json, body: '{"user":"ann"}' });
    expect(JSON.parse(other.body.toString()).device).not.toBe(device);
    const renewed = await ask('/v1/sign-in', {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ user: 'ann', device }),
    });
    expect(JSON.parse(renewed.body.toString()).device).toBe(device);
  });

  it.each([
    ['another origin', { origin: 'http://evil.example' }],
    ['another page of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a name that was bound to this address', { host: 'evil.example' }],
    ['a page of the same site', { 'sec-fetch-site': 'same-site' }],
    ['a page that hides its origin', { origin: 'null' }],
  ])('does not exist for %s', async (_, headers: Record<string, string>) => {
    const asked = { headers: { ...json, ...headers } };
    expect((await ask('/v1/sign-in', asked)).status).toBe(404);
    expect((await ask('/v1/sign-in', { ...asked, method: 'POST', body: '{"user":"ann"}' })).status).toBe(404);
  });

  it.each([
    ['a form', { 'content-type': 'text/plain' }, '{"user":"ann"}', 400],
    ['an endless question', json, `{"user":"${'a'.repeat(2_000)}"}`, 400],
    ['no JSON', json, 'ann', 422],
    ['no name', json, '{}', 422],
    ['a name that is none', json, '{"user":"a b"}', 422],
  ])('refuses %s', async (_, headers, body, status) => {
    expect((await ask('/v1/sign-in', { method: 'POST', headers, body })).status).toBe(status);
  });
});
