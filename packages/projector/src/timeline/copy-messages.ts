import type { ClientBase } from 'pg';
import { type CopyOf, copyRows } from '../rebuild/copy-rows.js';
import type { SentMessage } from './changes.js';
import type { Sent } from './message-columns.js';

/** A message as it is at the end of a batch, and how many reactions it has by then. */
type Loaded = { readonly id: string; readonly message: SentMessage; readonly reactions: number };

/** Adds messages that are not there yet. */
export const copyMessages = (
  client: ClientBase,
  schema: string,
  messages: readonly Loaded[],
): Promise<void> =>
  copyRows(client, { table: `${schema}.message`, columns: MESSAGE, fields: messageFields }, messages);

/** Adds the messages that a step sent; reactions to them are counted as they are written. */
export const copySent = (client: ClientBase, schema: string, all: readonly Sent[]): Promise<void> =>
  copyMessages(
    client,
    schema,
    all.flatMap(({ conversationId, sent }) =>
      [...sent.values()].map((message) => ({ id: conversationId, message, reactions: 0 })),
    ),
  );

const MESSAGE = [
  'conversation_id',
  'seq',
  'ordinal',
  'author',
  'at',
  'sent_at',
  'reply_to',
  'expires_at',
  'edited_at',
  'deleted_at',
  'expired',
  'reactions',
  'body',
];

const messageFields: CopyOf<Loaded>['fields'] = ({ id, message, reactions }) => [
  id,
  message.seq,
  message.ordinal,
  message.author,
  message.at,
  message.sentAt,
  message.replyTo,
  message.expiresAt,
  message.editedAt,
  message.deletedAt,
  message.expired,
  reactions,
  message.body,
];
