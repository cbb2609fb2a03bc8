import { timelineCursor } from '@parley/domain/wire/cursor';
import { MAX_PAGE } from '@parley/domain/wire/pages';
import type { MessagePage } from '@parley/domain/wire/views';
import type { Core } from '../core.js';
import { RefusalError, unavailable } from '../refusal-error.js';

/** Pages of one conversation that have seen every event this client has. */
export type Pages = {
  newest(limit: number, head: () => Promise<number>): Promise<MessagePage>;
  before(seq: number, limit: number): Promise<MessagePage>;
  /** From the message after `seq` on. */
  after(seq: number, limit: number): Promise<MessagePage>;
};

export function createPages(core: Core, conversationId: string): Pages {
  type Place = { readonly before?: string; readonly after?: string };

  async function page(limit: number, place: Place, minSeq: number | undefined): Promise<MessagePage> {
    const answer = await core.call('message.list', {
      conversationId,
      limit: Math.min(limit, MAX_PAGE),
      ...place,
      ...(minSeq === undefined ? {} : { minSeq }),
    });
    // A message of mine on the page may have its answer on the way: that comes first, so that it is not shown twice.
    if (!(await core.outbox.answered(conversationId))) throw unavailable('the connection broke meanwhile');
    return answer;
  }

  const seenSoFar = (): number | undefined => core.positions.delivered(conversationId) || undefined;

  return {
    /** Where no event has been seen yet, the log's head says what the page must have seen: a read model may be behind it. */
    async newest(limit, head) {
      const known = seenSoFar();
      if (known !== undefined) return page(limit, {}, known);
      const [revision, answer] = await Promise.all([head(), page(limit, {}, undefined)]);
      const isWhole = answer.revision >= revision;
      const whole = isWhole ? answer : await page(limit, {}, revision);
      core.positions.learned(conversationId, whole.revision);
      return whole;
    },
    before: (seq, limit) => page(limit, { before: timelineCursor(conversationId, seq) }, seenSoFar()),
    after: (seq, limit) => page(limit, { after: timelineCursor(conversationId, seq) }, seenSoFar()),
  };
}

/** Whether a refusal means that this conversation is not mine to read. */
export const isNotMine = (error: unknown): boolean =>
  error instanceof RefusalError && (error.tag === 'NotAMember' || error.tag === 'ConversationNotFound');
