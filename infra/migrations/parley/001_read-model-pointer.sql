-- Up Migration

-- Which read model is served. One row; switching to another version is one update.
create table read_model (
  singleton boolean primary key default true check (singleton),
  active text not null check (active ~ '^rm_[0-9]+$'),
  switched_at timestamptz not null default now()
);

-- Down Migration

drop table read_model;
