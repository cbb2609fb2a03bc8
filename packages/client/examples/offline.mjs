// Writes while there is no connection, ends, and sends in its next life what it had written in the first.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStorage } from '@parley/client/node/file-storage';
import { createClient } from '@parley/client/parley-client';

const { PARLEY_URL: url, PARLEY_TOKEN: token, PARLEY_CONVERSATION: conversationId, PARLEY_DIR } = process.env;
const storage = fileStorage(PARLEY_DIR ?? join(tmpdir(), 'parley-example'));

const NOWHERE = 'ws://127.0.0.1:9/v1/ws';
const first = createClient({ url: NOWHERE, token, device: 'example', storage });
const written = first.timeline(conversationId);
await new Promise((resolve) => {
  written.subscribe(() => written.snapshot().items.length > 0 && resolve());
  written.send({ body: { kind: 'text', text: 'written without a connection' } });
});
console.log(`unsent: ${first.unanswered}`);
await first.close();

const second = createClient({ url, token, device: 'example', storage });
second.on('event', ({ type, data }) => {
  if (type !== 'message.sent') return;
  console.log(`sent: ${data.body.text}`);
  second.close();
});
