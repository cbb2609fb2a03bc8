import type * as t from 'io-ts';
import { MomentText } from '../history/moment.js';
import { ConversationId, Seq, UserId } from '../ids.js';
import { shape } from '../shape.js';
import { boundedInteger, boundedText } from '../text.js';
import { CallListQuery, CallQuery } from './calls.js';
import { DeviceKeysQuery, DeviceList } from './devices.js';
import { MAX_PAGE } from './pages.js';
import { MessageInfoQuery } from './receipts.js';
import { SyncQuery } from './sync.js';

const Limit = boundedInteger('limit', 1, MAX_PAGE);
const Cursor = boundedText('cursor', 1, 300);

/**
 * Every query by its name on the wire. `minSeq` names the seq that the answer must have seen, so that a client reads its
 * own writes; `around` a message to be shown amid those before and after it; `as` is for tokens with the scope `import`. With `at`, a seq or a
 * time, a conversation is shown as it was then, with a page of its messages, whose bounds begin with `messages`.
 */
export const queryCodecs = {
  'conversation.list': shape({}, { limit: Limit, after: Cursor }),
  'conversation.get': shape(
    { conversationId: ConversationId },
    {
      membersAfter: UserId,
      membersLimit: boundedInteger('membersLimit', 0, 1_000),
      at: MomentText,
      messagesBefore: Seq,
      messagesAfter: Seq,
      messagesLimit: boundedInteger('messagesLimit', 0, MAX_PAGE),
    },
  ),
  'message.list': shape(
    { conversationId: ConversationId },
    { limit: Limit, before: Cursor, after: Cursor, around: Seq, minSeq: Seq },
  ),
  'message.info': MessageInfoQuery,
  'session.sync': SyncQuery,
  'call.get': CallQuery,
  'call.list': CallListQuery,
  'device.list': DeviceList,
  'device.keys': DeviceKeysQuery,
} as const;

export type QueryType = keyof typeof queryCodecs;
export type QueryOf<T extends QueryType> = t.TypeOf<(typeof queryCodecs)[T]>;

export const isQueryType = (name: string): name is QueryType => Object.hasOwn(queryCodecs, name);
