import type { JetStreamManager } from '@nats-io/jetstream';
import { append } from '../log/append.js';
import { readConversation } from '../log/conversation-reader.js';
import { logText } from '../log/log-text.js';
import type { PublishWindow } from '../log/publish-window.js';
import { receiptPlaceOf } from '../log/subjects.js';
import type { Move } from './format.js';
import { TransferRefused } from './refused.js';

export type MoveResources = {
  readonly jsm: JetStreamManager;
  readonly window: PublishWindow;
  readonly partitions: number;
};

/** Where somebody's watermarks are, and where in the stream that is. */
type Reached = { readonly delivered: number; readonly read: number; readonly streamSeq: number };

/** Appends moves of watermarks, each behind the one before it of the same person; those that are there from an import that broke off are passed over. */
export type AppendMoves = (moves: readonly Move[]) => Promise<number>;

/** @throws as the client does when the broker does not answer; what it returns throws TransferRefused then */
export async function openAppendMoves(
  { jsm, window, partitions }: MoveResources,
  conversationId: string,
): Promise<AppendMoves> {
  const reached = new Map<string, Reached>();
  const everybody = receiptPlaceOf(conversationId, '*', partitions);
  for await (const { streamSeq, json } of readConversation(jsm, everybody)) {
    const { user, delivered, read } = json as Move;
    reached.set(user, { delivered, read, streamSeq });
  }

  async function appendOf(user: string, moves: readonly Move[]): Promise<number> {
    let before = reached.get(user) ?? { delivered: 0, read: 0, streamSeq: 0 };
    let appended = 0;
    for (const move of moves) {
      const { delivered, read, at } = move;
      if (before.streamSeq > 0 && delivered <= before.delivered && read <= before.read) continue;
      const outcome = await append(window, {
        place: receiptPlaceOf(conversationId, user, partitions),
        payload: logText(move),
        expected: before.streamSeq,
        messageId: `import:${conversationId}/${user}:${delivered}:${read}:${at}`,
      });
      if (outcome.tag !== 'stored' && outcome.tag !== 'duplicate')
        throw new TransferRefused(
          'broken',
          'it broke off at the watermarks. Import the same file again: it goes on from there',
        );
      before = { delivered, read, streamSeq: outcome.streamSeq };
      appended++;
    }
    reached.set(user, before);
    return appended;
  }

  return async (moves) => {
    const each = [...Map.groupBy(moves, ({ user }) => user)].map(([user, some]) => appendOf(user, some));
    return (await Promise.all(each)).reduce((sum, count) => sum + count, 0);
  };
}
