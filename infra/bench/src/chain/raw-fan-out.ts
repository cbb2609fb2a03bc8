import { loadUws } from '@parley/gateway/uws/load';

/**
 * uWebSockets.js alone: every socket follows one topic, and what the parent orders is published to it in one tick. A program
 * of its own. Says `{ready: {url}}`; takes `{publish: [frame]}`.
 */
const uws = loadUws();
const app = uws.App();

app.ws('/*', {
  // As the gateway has them.
  maxPayloadLength: 1024 * 1024,
  maxBackpressure: 1024 * 1024,
  idleTimeout: 60,
  sendPingsAutomatically: true,
  open: (socket) => {
    socket.subscribe('all');
  },
});

process.on('message', ({ publish }: { publish?: readonly string[] }) => {
  for (const frame of publish ?? []) app.publish('all', frame);
});
process.on('disconnect', () => process.exit(0));

app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('no port');
  process.send?.({ ready: { url: `ws://127.0.0.1:${uws.us_socket_local_port(socket)}/` } });
});
