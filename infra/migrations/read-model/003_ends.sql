-- Up Migration

-- What expires, is held, pinned or erased. The rows are made of the log once more: the projector begins at the beginning.
truncate conversation, member, ban, departure, message, reaction, receipt, checkpoint, dead_letter;

alter table conversation
  add column partition smallint not null default 0,
  -- When the conversation itself ends, and when it was erased, in ms.
  add column expires_at bigint,
  add column erased_at bigint,
  -- When something in it is due next: the earliest end of a message that has not expired, or its own. Null without any.
  add column next_due bigint,
  add column hold_reason text,
  add column hold_since bigint,
  add column hold_by text collate "C";

-- What the scheduler reads: of its partitions, what is due by now, held ones left out.
create index conversation_due on conversation (partition, next_due) where next_due is not null and hold_since is null;

-- Which conversations are held: few, and asked for whenever a bucket of theirs is past.
create index conversation_held on conversation (conversation_id) where hold_since is not null;

-- What was erased and may still have rows to be removed.
create index conversation_erased on conversation (partition) where erased_at is not null;

-- Deleted messages expire too: then nothing shows that they were.
drop index message_due;
create index message_due on message (conversation_id, expires_at) where expires_at is not null and not expired;

create table pin (
  conversation_id text collate "C" not null,
  seq bigint not null,
  by_user text collate "C" not null,
  at bigint not null,
  primary key (conversation_id, seq)
);

-- Sequences of a stream that held nothing when it was read: taken out of the log by an erasure, which says so further on.
create table gap (
  partition smallint not null,
  stream_seq bigint not null,
  primary key (partition, stream_seq)
);

-- Down Migration

drop table gap;
drop table pin;
drop index message_due;
create index message_due on message (conversation_id, expires_at)
  where expires_at is not null and not expired and deleted_at is null;
drop index conversation_erased;
drop index conversation_held;
drop index conversation_due;
alter table conversation drop column hold_by, drop column hold_since, drop column hold_reason, drop column next_due,
  drop column erased_at, drop column expires_at, drop column partition;
