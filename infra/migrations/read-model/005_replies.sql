-- Up Migration

-- Replies to a message that are neither deleted nor expired, so that a page tells them without counting.
alter table message add column replies integer not null default 0;

create index message_replies on message (conversation_id, reply_to)
  where reply_to is not null and not expired and deleted_at is null;

-- Down Migration

drop index message_replies;
alter table message drop column replies;
