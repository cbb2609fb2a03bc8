-- Up Migration

-- Conversations whose rows stand still behind an event that could not be taken (dead_letter has it): the checkpoint passes what comes
-- after it in the conversation, the log keeps it, and a retry folds all of it in order.
create table parked_conversation (
  partition smallint not null,
  conversation_id text collate "C" not null,
  -- Stream sequence of the first event that is not in the rows: the one that could not be taken, unless a retry was broken off.
  stream_seq bigint not null,
  -- Events of the conversation that came after it and wait in the log.
  waiting bigint not null default 0,
  -- Whether one of those puts it on legal hold: then the keys of what expires in it are kept.
  held boolean not null default false,
  parked_at timestamptz not null default now(),
  primary key (partition, conversation_id)
);

-- Conversations that stood still and were brought up to the checkpoint: clients that were told less by then are told anew.
create table mended_conversation (
  partition smallint not null,
  conversation_id text collate "C" not null,
  -- Stream sequence of the checkpoint when that was done.
  stream_seq bigint not null,
  primary key (partition, conversation_id)
);

create index mended_of_late on mended_conversation (partition, stream_seq);

-- Times that somebody else than the owner of a share changed what its checkpoint stands for: a retry, a dropped event. Part of the
-- compare-and-set, so that the owner reads anew what is parked.
alter table checkpoint add column interventions bigint not null default 0;

-- A gap is a stretch: a log that lost millions of messages at its beginning has one row of it. stream_seq is the first of it.
alter table gap add column last bigint;
update gap set last = stream_seq;
alter table gap alter column last set not null;

-- What a partition's digest was at places of its stream, so that two replays that disagree are told apart early on. Of the timeline.
create table digest_mark (
  partition smallint not null,
  stream_seq bigint not null,
  digest text not null,
  primary key (partition, stream_seq)
);

-- Down Migration


alter table gap drop column last;
drop table digest_mark;
alter table checkpoint drop column interventions;
drop table mended_conversation, parked_conversation;
