import { once } from 'node:events';
import { waitFor } from '@parley/infra/testing/wait-for';
import { JSONRPCClient, JSONRPCErrorException, JSONRPCServer, JSONRPCServerAndClient } from 'json-rpc-2.0';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { wholeSystem } from './whole-system.js';

const whole = wholeSystem();

type Params = Readonly<Record<string, unknown>>;

/** Somebody else's JSON-RPC 2.0 over a socket: all it knows of ours are the names in the README. */
async function connect() {
  const socket = new WebSocket(whole.system.ws, 'parley.v1');
  const heard: [method: string, params: Params][] = [];
  const server = new JSONRPCServer({ errorListener: () => undefined });
  for (const method of ['event', 'conversation.added', 'typing', 'presence', 'receipts'])
    server.addMethod(method, (params: Params) => void heard.push([method, params]));
  const rpc = new JSONRPCServerAndClient(
    server,
    new JSONRPCClient((request) => socket.send(JSON.stringify(request))),
    { errorListener: () => undefined },
  );
  socket.on('message', (data) => void rpc.receiveAndSend(JSON.parse(String(data))));
  await once(socket, 'open');
  const told = (method: string): Params[] =>
    heard.filter(([name]) => name === method).map(([, params]) => params);
  return { rpc, told, end: () => socket.terminate() };
}

describe('a JSON-RPC client that knows nothing of us', () => {
  it('opens a session, talks, and hears what others say, do and are', async () => {
    const [ann, bob] = [await connect(), await connect()];
    const open = async ({ rpc }: typeof ann, user: string): Promise<Params> =>
      rpc.request('session.open', { token: await whole.system.token(user), device: 'd1' });
    expect(await open(ann, 'ann')).toMatchObject({ user: 'ann', device: 'd1' });
    await open(bob, 'bob');

    const conversationId = 'foreign';
    await ann.rpc.request('conversation.create', {
      conversationId,
      commandId: 'create',
      kind: 'group',
      members: ['bob'],
    });
    await waitFor(() => bob.told('conversation.added').length > 0, { what: 'bob to be added' });
    const body = { kind: 'text', text: 'hello from anybody’s client' };
    const { seq } = await ann.rpc.request('message.send', { conversationId, commandId: 'm1', body });
    await waitFor(() => bob.told('event').some((event) => event.seq === seq), { what: 'the message' });
    expect(bob.told('event').find((event) => event.seq === seq)).toMatchObject({
      type: 'message.sent',
      actor: 'ann',
      data: { body },
    });

    bob.rpc.notify('typing.set', { conversationId, typing: true });
    await waitFor(() => ann.told('typing').length > 0, { what: 'bob to be seen typing' });
    const people = await waitFor(
      async () => {
        const answer = await ann.rpc.request('presence.watch', { users: ['bob'] });
        return (answer.people as Params[])[0]?.status === 'online' && (answer.people as Params[]);
      },
      { what: 'the read model to know that they talk' },
    );
    expect(people).toEqual([{ user: 'bob', status: 'online' }]);
    ann.end();
    bob.end();
  });

  it('gets answers to a batch, and errors of JSON-RPC with their tag', async () => {
    const cat = await connect();
    await cat.rpc.request('session.open', { token: await whole.system.token('cat'), device: 'd1' });
    const answers = await cat.rpc.client.requestAdvanced([
      { jsonrpc: '2.0', id: 'list', method: 'conversation.list', params: {} },
      { jsonrpc: '2.0', id: 'none', method: 'no.such' },
    ]);
    expect(answers.find(({ id }) => id === 'list')?.result).toMatchObject({
      conversations: [],
      hasMore: false,
    });
    expect(answers.find(({ id }) => id === 'none')?.error).toMatchObject({ code: -32601 });
    const refused = cat.rpc.request('message.send', {
      conversationId: 'nowhere',
      commandId: 'm',
      body: { kind: 'text', text: 'x' },
    });
    await expect(refused).rejects.toBeInstanceOf(JSONRPCErrorException);
    await expect(refused).rejects.toMatchObject({ code: 1404, data: { tag: 'ConversationNotFound' } });
    cat.end();
  });
});
