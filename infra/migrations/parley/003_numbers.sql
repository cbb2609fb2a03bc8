-- Up Migration

-- The greatest number of a build that was dropped: numbers are not given again, because clients keep tokens, and processes statements, that
-- name the build.
alter table read_model add column dropped integer not null default 0;

-- Down Migration

alter table read_model drop column dropped;
