import { ConversationId, Seq, UserId } from '@parley/domain/ids';
import { shape, variants } from '@parley/domain/shape';
import * as t from 'io-ts';

/**
 * Something that was, or is about to be, erased in the log, and has to be taken out of everything else. It is put into the queue
 * before the event is appended, and whoever does it looks first whether the event is there: so nothing is forgotten when a
 * process dies between the two.
 */
export const ErasureJob = variants(
  'kind',
  {
    /** A deleted message: its events, edits included, are to be taken out of the log. */
    message: shape({ kind: t.literal('message'), conversationId: ConversationId, seq: Seq }),
    /** Its secret is to be destroyed; its receipts, its snapshot, its page and its rows are to go. */
    conversation: shape({ kind: t.literal('conversation'), conversationId: ConversationId }),
    /** Their secret is to be destroyed; `member.erase` is to be done in each of their conversations; receipts are to go. */
    person: shape({ kind: t.literal('person'), user: UserId }),
  },
  'a job of the queue ERASURES',
);
export type ErasureJob = t.TypeOf<typeof ErasureJob>;

/** What tells a job from all others: the broker stores it once while it remembers it. */
export function jobId(job: ErasureJob): string {
  switch (job.kind) {
    case 'message':
      return `message.${job.conversationId}.${job.seq}`;
    case 'conversation':
      return `conversation.${job.conversationId}`;
    case 'person':
      return `person.${job.user}`;
    default:
      return job satisfies never;
  }
}
