import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { loadUws } from '@parley/gateway/uws/load';
import { openPublishWindow } from '@parley/infra/log/publish-window';
import { connectNats } from '@parley/infra/runtime/connect-nats';

/**
 * The shortest chain that still stores a message before it is acknowledged: WebSocket, windowed publish awaited, push from
 * the republished subject, WebSocket. One process, no validation, no membership, no projection: the floor ours is held
 * against. Environment: NATS_URL. Says `{ready: {ws}}` to its parent.
 */
const nats = await connectNats(process.env.NATS_URL as string, 'toy');
const jsm = await jetstreamManager(nats);
await jsm.streams.add({
  name: 'TOY',
  subjects: ['toy.*'],
  storage: 'file',
  republish: { src: 'toy.*', dest: 'toylive.{{wildcard(1)}}' },
});
const window = openPublishWindow(nats);
const uws = loadUws();
const app = uws.App();

app.ws<{ topic: string }>('/*', {
  upgrade: (response, request, context) => {
    response.upgrade(
      { topic: request.getQuery('topic') ?? '' },
      request.getHeader('sec-websocket-key'),
      request.getHeader('sec-websocket-protocol'),
      request.getHeader('sec-websocket-extensions'),
      context,
    );
  },
  open: (socket) => {
    socket.subscribe(socket.getUserData().topic);
  },
  message: (socket, message) => {
    const text = Buffer.from(message).toString('utf8');
    const { id } = JSON.parse(text) as { id: string };
    void window
      .publish(`toy.${socket.getUserData().topic}`, text, `NATS/1.0\r\nNats-Msg-Id: ${randomUUID()}\r\n\r\n`)
      .then(() => socket.send(`{"ack":${JSON.stringify(id)}}`));
  },
});

nats.subscribe('toylive.*', {
  callback: (_error, message) => {
    app.publish(message.subject.slice('toylive.'.length), message.data, false);
  },
});

app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('no port');
  process.send?.({ ready: { ws: `ws://127.0.0.1:${uws.us_socket_local_port(socket)}` } });
});
process.on('disconnect', () => process.exit(0));
