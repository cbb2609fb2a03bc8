-- Up Migration

-- The builds of the read model: each has a schema of its own, rm_<version>, and is made of the log alone.
create table version (
  version integer primary key check (version between 1 and 999999),
  -- Which tables it has: see infra/src/read-model/models.ts.
  model smallint not null check (model > 0),
  -- building: a rebuild loads it, and projectors leave it alone. following: projectors keep it at the end of the log, whether it is
  -- served or not. dropping: projectors let go of it, and then its schema is dropped.
  state text not null check (state in ('building', 'following', 'dropping')),
  made_at timestamptz not null default now(),
  -- When it was last shown to be what the log says, and by comparison with what: a version, or the log itself.
  verified_at timestamptz,
  verified_against text,
  -- When it was last made the one that is served.
  promoted_at timestamptz
);

-- What was served before, for a rollback.
alter table read_model add column previous text check (previous ~ '^rm_[0-9]+$');

-- Builds of before this table.
insert into version (version, model, state, promoted_at)
select substring(active from 4)::integer, 1, 'following', switched_at from read_model;

-- Events that operators decided to pass over, in every build: a projection goes on behind them.
create table dropped_event (
  stream text not null,
  stream_seq bigint not null,
  conversation_id text collate "C" not null,
  -- Its place in the conversation, which goes on behind it; null for what has none.
  seq bigint,
  error text not null,
  reason text not null,
  dropped_at timestamptz not null default now(),
  primary key (stream, stream_seq)
);

-- Down Migration

drop table dropped_event;
alter table read_model drop column previous;
drop table version;
