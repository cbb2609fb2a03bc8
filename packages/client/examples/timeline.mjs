// Shows a conversation as an application renders it: from one store, drawn again after each change.
import { createClient } from '@parley/client/parley-client';

const { PARLEY_URL: url, PARLEY_TOKEN: token, PARLEY_CONVERSATION: conversationId } = process.env;
const MARKS = { pending: '…', failed: '!', sent: '✓', delivered: '✓✓', read: '✓✓ read' };

const parley = createClient({ url, token, device: 'example' });
const timeline = parley.timeline(conversationId, { windowSize: 100 });

function draw() {
  const { items, loading } = timeline.snapshot();
  if (loading === 'first') return;
  console.log('---');
  for (const { author, body, progress, isMine } of items)
    console.log(`${author}: ${body?.text ?? '(deleted)'} ${isMine ? MARKS[progress] : ''}`.trimEnd());
  const last = items.at(-1);
  if (last?.seq !== undefined && !last.isMine) timeline.seen(last.seq);
  // Sent and delivered: this example has shown what it can.
  if (last?.isMine && last.progress === 'delivered') parley.close();
}

timeline.subscribe(draw);
timeline.send({ body: { kind: 'text', text: 'who is there?' } });
