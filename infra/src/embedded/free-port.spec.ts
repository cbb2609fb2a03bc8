import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.js';

it('is the wished one, or one that no connection is given', async () => {
  const [first, second] = [await freePort(), await freePort()];
  for (const port of [first, second])
    expect(port).toSatisfy((each: number) => each >= 15_000 && each < 32_768);
  expect(await freePort(first)).toBe(first);
  const taken = createServer().listen(first, '127.0.0.1');
  await once(taken, 'listening');
  expect(await freePort(first)).not.toBe(first);
  taken.close();
});
