-- Up Migration

-- What session.sync and message.info read. These columns hold places in the log that the rows so far do not know, so the rows
-- are made of the log once more: the projector begins at the beginning.
truncate conversation, member, ban, message, reaction, receipt, checkpoint, dead_letter;

-- A window is a stretch of a partition's stream: five minutes of the broker's time, or one message where none came for longer.
alter table checkpoint
  -- Stream sequence of the first message of the window the checkpoint is in, and when that was stored.
  add column window_began bigint not null default 0,
  add column window_opened_at bigint not null default 0;

alter table conversation
  -- Stream sequence of the newest event folded into these rows.
  add column changed bigint not null default 0,
  -- Where the window of that event began; the largest number there is where members are too many to be marked.
  add column marked bigint not null default 0;

alter table member
  add column partition smallint not null default 0,
  -- The conversation's, so that a user's conversations of late are found without a look at all of them. Written once in a
  -- window, however much happens in it.
  add column marked bigint not null default 0;

create index member_marked on member (user_id, partition, marked);

-- Who is no member any more, and since which stream sequence.
create table departure (
  conversation_id text collate "C" not null,
  user_id text collate "C" not null,
  partition smallint not null,
  changed bigint not null,
  primary key (conversation_id, user_id)
);

create index departure_of_user on departure (user_id, partition, changed);

alter table receipt
  add column partition smallint not null default 0,
  -- Stream sequence of the newest move, and where its window began.
  add column changed bigint not null default 0,
  add column marked bigint not null default 0,
  -- The newest moves, oldest first: of each delivered, read, at.
  add column moves bigint[] not null default '{}';

create index receipt_marked on receipt (user_id, partition, marked);

-- Down Migration

drop index receipt_marked;
alter table receipt drop column moves, drop column marked, drop column changed, drop column partition;
drop table departure;
drop index member_marked;
alter table member drop column marked, drop column partition;
alter table conversation drop column marked, drop column changed;
alter table checkpoint drop column window_opened_at, drop column window_began;
