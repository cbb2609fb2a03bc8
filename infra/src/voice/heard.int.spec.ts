import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats } from '../runtime/connect-nats.js';
import { beatOf } from '../testing/beat-of.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { waitFor } from '../testing/wait-for.js';
import { hearNodes } from './heard.js';
import { ALIVE_SUBJECT } from './subjects.js';

let environment: TestEnvironment;
let nats: NatsConnection;
beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
});
afterAll(async () => {
  await nats.close();
  await environment.dispose();
});

describe('nodes that are heard', () => {
  it('are those that say so in a beat; what is none is passed over, and the connection goes on', async () => {
    const heard = hearNodes(nats);
    const { load, ...older } = beatOf('older');
    for (const said of ['no json', 'null', '7', '[]', '{}', JSON.stringify(older), JSON.stringify(load)])
      nats.publish(ALIVE_SUBJECT, said);
    nats.publish(ALIVE_SUBJECT, JSON.stringify({ ...beatOf('a'), of: 'a later version' }));
    await waitFor(() => heard.nodes().length > 0, { what: 'the beat to be heard' });
    expect(heard.nodes().map(({ node }) => node)).toEqual(['a']);
    expect(nats.isClosed()).toBe(false);
    heard.close();
  });
});
