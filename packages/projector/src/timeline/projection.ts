import type { LoggedMessage } from '@parley/infra/log/delivery';
import { streamName } from '@parley/infra/log/subjects';
import type { Withheld } from '../parked/withheld.js';
import type { Prepared, Projection } from '../projection.js';
import type { ConversationChanges } from './changes.js';
import { type Dropped, decodeBatch } from './decode-batch.js';
import { foldBatch, untouched } from './fold-batch.js';
import { loadChanges } from './load-changes.js';
import { writeChanges } from './write-changes.js';
import { onlySends, writeSends } from './write-sends.js';

/** Conversations, members, messages and reactions, from the log. */
export const timeline: Projection = {
  name: 'timeline',
  streamOf: streamName,
  isWhole: true,
  prepare,
};

async function prepare(
  messages: readonly LoggedMessage[],
  withheld: Withheld,
  refused?: string,
): Promise<Prepared> {
  const { events, streamSeqs, dropped, digest, ...unfolded } = await decodeBatch(messages, withheld, refused);
  const changes = foldBatch(events, streamSeqs);
  for (const place of dropped) passOver(changes, place);
  return {
    ...unfolded,
    withheld,
    count: events.length,
    digest,
    events,
    write: (client, schema, move) => writeChanges(client, schema, changes, move),
    load: (client, schema, move) => loadChanges(client, schema, changes, move),
    ...(unfolded.standstills.length === 0 && onlySends(changes)
      ? { writeAtOnce: (client, schema, move) => writeSends(client, schema, move, changes) }
      : {}),
  };
}

/** A conversation goes on behind an event that was dropped; its revision must too, or readers would wait for it. */
function passOver(steps: ConversationChanges[][], { conversationId, seq, streamSeq }: Dropped): void {
  let conversation = steps.flat().findLast((each) => each.conversationId === conversationId);
  if (conversation === undefined) {
    conversation = untouched(conversationId, 0);
    steps[0]?.push(conversation);
  }
  conversation.revision = Math.max(conversation.revision, seq);
  conversation.changed = Math.max(conversation.changed, streamSeq);
}
