import type { Details } from '@parley/client/conversations/conversation-list';
import type { ParleyClient } from '@parley/client/parley-client';
import type { Timeline, TimelineItem } from '@parley/client/timeline/timeline';
import type { MessageView } from '@parley/domain/wire/views';

/** Somebody who has every conversation on the screen: what the SDK's stores show them. */
export type Looker = {
  /** All messages, back to the first. */
  messages(conversationId: string): Promise<readonly Shown[]>;
  facts(conversationId: string): {
    readonly unread: number | undefined;
    readonly watermarks: readonly object[];
  };
};

export type Shown = Pick<MessageView, 'seq' | 'author' | 'body' | 'editedAt' | 'deletedAt' | 'reactions'>;

/** Opens the list, and a timeline and the details of each conversation. */
export function look(client: ParleyClient, conversations: readonly string[]): Looker {
  const timelines = new Map<string, Timeline>();
  const details = new Map<string, Details>();
  for (const conversationId of conversations) {
    timelines.set(conversationId, client.timeline(conversationId, { windowSize: 10_000 }));
    details.set(conversationId, client.details(conversationId));
  }
  const list = client.list;
  return {
    async messages(conversationId) {
      const timeline = timelines.get(conversationId) as Timeline;
      while (timeline.snapshot().hasOlder && timeline.snapshot().problem === undefined)
        await timeline.loadOlder();
      return timeline.snapshot().items.map(shown);
    },
    facts(conversationId) {
      const { conversations } = list.snapshot();
      const detail = details.get(conversationId)?.snapshot();
      return {
        unread: conversations.find((one) => one.conversationId === conversationId)?.unread,
        watermarks: (detail?.members ?? []).map(({ user }) => ({
          user,
          ...(detail?.watermarks.get(user) ?? { delivered: 0, read: 0 }),
        })),
      };
    },
  };
}

/** What of a message is compared: an item has more, and an undefined field is none. */
export function shown({
  seq,
  author,
  body,
  editedAt,
  deletedAt,
  reactions,
}: MessageView | TimelineItem): Shown {
  return {
    seq: seq as number,
    author,
    body,
    ...(editedAt === undefined ? {} : { editedAt }),
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(reactions === undefined ? {} : { reactions }),
  };
}
