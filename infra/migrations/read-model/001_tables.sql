-- Up Migration

-- Names are unqualified: this file is applied to the schema of each read model version, rm_1, rm_2 and so on.
-- Times are ms since 1970 UTC, as in the log, where nothing is said. Ids sort by their bytes.

create table conversation (
  conversation_id text collate "C" primary key,
  -- Null while the event by which it began could not be read.
  kind text,
  title text,
  ttl integer,
  closed boolean not null default false,
  -- Seq of the newest event folded into these rows.
  revision bigint not null,
  -- Ordinal of the newest message.
  messages bigint not null default 0,
  last_activity_at bigint not null,
  member_count integer not null default 0
) with (fillfactor = 60);

create table member (
  conversation_id text collate "C" not null,
  user_id text collate "C" not null,
  role text not null,
  -- Seq of the event by which they entered.
  since bigint not null,
  ban_hash text collate "C" not null,
  primary key (conversation_id, user_id)
);

create index member_of_user on member (user_id, conversation_id);

create table ban (
  conversation_id text collate "C" not null,
  ban_hash text collate "C" not null,
  primary key (conversation_id, ban_hash)
);

create table message (
  conversation_id text collate "C" not null,
  seq bigint not null,
  ordinal bigint not null,
  author text collate "C" not null,
  at bigint not null,
  sent_at bigint,
  reply_to bigint,
  expires_at bigint,
  edited_at bigint,
  deleted_at bigint,
  -- Tombstoned by the log. A message past expires_at is not shown either, tombstone or not.
  expired boolean not null default false,
  -- Reactions it has, so that a page without any needs no second query.
  reactions integer not null default 0,
  -- Opaque; null once deleted or expired.
  body text,
  primary key (conversation_id, seq)
) with (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02);

-- Pages: skips runs of expired messages, however long.
create index message_shown on message (conversation_id, seq) where not expired;

-- Somebody's newest message: what they sent they have read up to.
create index message_by_author on message (conversation_id, author, seq);

-- Unread counts: what is gone after a watermark.
create index message_gone on message (conversation_id, seq) where expired or deleted_at is not null;

-- Unread counts: what is due and not tombstoned yet.
create index message_due on message (conversation_id, expires_at)
  where expires_at is not null and not expired and deleted_at is null;

create table reaction (
  conversation_id text collate "C" not null,
  seq bigint not null,
  emoji text collate "C" not null,
  user_id text collate "C" not null,
  primary key (conversation_id, seq, emoji, user_id)
);

-- Watermarks: the newest seq that reached a device, and the newest seen.
create table receipt (
  conversation_id text collate "C" not null,
  user_id text collate "C" not null,
  delivered bigint not null,
  read bigint not null,
  at bigint not null,
  primary key (conversation_id, user_id)
) with (fillfactor = 70);

-- How far a projection has folded a partition. Moves by compare-and-set in the transaction that writes the rows.
create table checkpoint (
  projection text not null,
  partition integer not null,
  stream_seq bigint not null,
  events bigint not null,
  -- Sum of the digests of the events folded, 32 hexadecimal digits.
  digest text not null,
  updated_at timestamptz not null default now(),
  primary key (projection, partition)
) with (fillfactor = 20);

-- Events that could not be read, with what they hold, for an operator to list, retry or drop.
create table dead_letter (
  projection text not null,
  partition integer not null,
  stream_seq bigint not null,
  subject text not null,
  payload bytea not null,
  error text not null,
  parked_at timestamptz not null default now(),
  primary key (projection, partition, stream_seq)
);

-- Down Migration

drop table dead_letter, checkpoint, receipt, reaction, message, ban, member, conversation;
