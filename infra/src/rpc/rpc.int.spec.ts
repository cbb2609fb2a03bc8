import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { refuse } from '@parley/domain/conversation/refusals';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectNats } from '../runtime/connect-nats.js';
import { type TestEnvironment, testEnvironment } from '../testing/test-environment.js';
import { waitFor } from '../testing/wait-for.js';
import { openRpcClient, type RpcClient } from './client.js';
import {
  ALIVE_SUBJECT,
  instanceSubject,
  type RpcReply,
  type RpcRequest,
  readLines,
  replyLine,
} from './protocol.js';
import { type RpcServer, serveRpc } from './server.js';

let environment: TestEnvironment;
let nats: NatsConnection;

beforeAll(async () => {
  environment = await testEnvironment();
  nats = await connectNats(environment.natsUrl, 'test');
});
afterAll(async () => {
  await nats?.close();
  await environment?.dispose();
});

const caller = { user: 'ann', device: 'd', scopes: [] };
const ask = (client: RpcClient, method: string, params: unknown = {}, conversationId?: string) =>
  client.call({ method, params, caller, ...(conversationId === undefined ? {} : { conversationId }) });

const serve = (instance: string, handle: (request: RpcRequest) => Promise<RpcReply>): RpcServer =>
  serveRpc({ nats, instance, handle, onError: () => undefined });

const result = (value: unknown): RpcReply => ({ tag: 'result', json: JSON.stringify(value) });

describe('rpc', () => {
  it('answers each request by itself, though they travel together', async () => {
    const server = serve('one', async ({ params }) => {
      const { wait } = params as { wait: number };
      await new Promise((resolve) => setTimeout(resolve, wait));
      return result({ waited: wait });
    });
    const client = openRpcClient({ nats, partitions: 4 });
    const order: number[] = [];
    await Promise.all(
      [30, 1, 15].map(async (wait) => {
        expect(await ask(client, 'wait', { wait })).toEqual(result({ waited: wait }));
        order.push(wait);
      }),
    );
    expect(order).toEqual([1, 15, 30]);
    client.close();
    await server.drain();
  });

  it('keeps the order of the requests of one conversation, and keeps to one instance for it', async () => {
    const seen: Record<string, number[]> = { a: [], b: [], c: [] };
    const servers = ['a', 'b', 'c'].map((name) =>
      serve(name, async ({ params }) => {
        seen[name]?.push((params as { n: number }).n);
        return result(name);
      }),
    );
    const client = openRpcClient({ nats, partitions: 4 });
    await waitFor(
      async () => {
        const names = await Promise.all(
          Array.from({ length: 40 }, (_, n) => ask(client, 'who', { n: -1 }, `c${n}`)),
        );
        return new Set(names.map((name) => JSON.stringify(name))).size > 1;
      },
      { what: 'several instances to be known' },
    );
    for (const name of Object.keys(seen)) seen[name] = [];
    await Promise.all(Array.from({ length: 200 }, (_, n) => ask(client, 'who', { n }, 'one-conversation')));
    const receivers = Object.values(seen).filter((numbers) => numbers.length > 0);
    expect(receivers).toEqual([Array.from({ length: 200 }, (_, n) => n)]);
    client.close();
    await Promise.all(servers.map((server) => server.drain()));
  });

  it('asks whoever is there when the instance it chose is gone', async () => {
    const gone = serve('gone', async () => result('gone'));
    const client = openRpcClient({ nats, partitions: 4 });
    await waitFor(async () => (await ask(client, 'x')).tag === 'result', { what: 'the instance' });
    await gone.drain();
    const stays = serve('stays', async () => result('stays'));
    expect(await ask(client, 'x')).toEqual(result('stays'));
    client.close();
    await stays.drain();
  });

  it('does not wait for an instance that was killed', async () => {
    const doomed = await connectNats(environment.natsUrl, 'doomed');
    const client = openRpcClient({ nats, partitions: 4, timeout: 60_000 });
    let hasBegun = false;
    const handle = () => {
      hasBegun = true;
      return new Promise<RpcReply>(() => undefined);
    };
    serveRpc({ nats: doomed, instance: 'doomed', handle, onError: () => undefined });
    await doomed.flush();
    nats.publish(ALIVE_SUBJECT, 'doomed');
    await nats.flush();
    const answer = ask(client, 'x');
    await waitFor(() => hasBegun, { what: 'it to be under way' });
    await doomed.close();
    expect(await answer).toMatchObject({ refusal: { tag: 'Unavailable', detail: 'who was asked is gone' } });
    client.close();
  });

  it('waits for an instance that is silent and still there', async () => {
    const frozen = nats.subscribe(instanceSubject('frozen'));
    const client = openRpcClient({ nats, partitions: 4, timeout: 60_000 });
    nats.publish(ALIVE_SUBJECT, 'frozen');
    await nats.flush();
    const answer = ask(client, 'x');
    const asked: Msg[] = [];
    for await (const message of frozen) {
      asked.push(message);
      // Nothing is asked of it: whether it is there.
      if (message.string() === '') break;
    }
    const [id] = readLines(asked[0]?.string() ?? '')[0] as readonly [string, string];
    asked[0]?.respond(replyLine(id, result('at last')));
    expect(await answer).toEqual(result('at last'));
    client.close();
  });

  it('says that nobody is there, and that an answer did not come', async () => {
    const client = openRpcClient({ nats, partitions: 4, timeout: 200 });
    expect(await ask(client, 'x')).toMatchObject({ refusal: { tag: 'Unavailable' } });
    const silent = serve('silent', () => new Promise(() => undefined));
    await nats.flush();
    expect(await ask(client, 'x')).toMatchObject({ refusal: { tag: 'Unavailable' } });
    client.close();
    void silent.drain();
  });

  it('passes refusals on, and a bug as InternalError without ending the instance', async () => {
    const server = serve('buggy', async ({ method }) => {
      if (method === 'bug') throw new Error('bug');
      return { tag: 'refusal', refusal: refuse('NotAMember', 'ann') };
    });
    const client = openRpcClient({ nats, partitions: 4 });
    await nats.flush();
    expect(await ask(client, 'bug')).toMatchObject({ refusal: { tag: 'InternalError' } });
    expect(await ask(client, 'x')).toEqual({ tag: 'refusal', refusal: { tag: 'NotAMember', detail: 'ann' } });
    client.close();
    await server.drain();
  });

  it('refuses more requests than may wait', async () => {
    const server = serve('slow', () => new Promise(() => undefined));
    const client = openRpcClient({ nats, partitions: 4, maxInFlight: 3 });
    const replies = [1, 2, 3].map(() => ask(client, 'x'));
    expect(await ask(client, 'x')).toMatchObject({ refusal: { tag: 'TooManyRequests' } });
    client.close();
    expect(await Promise.all(replies)).toMatchObject(
      [1, 2, 3].map(() => ({ refusal: { tag: 'Unavailable' } })),
    );
    void server.drain();
  });
});
