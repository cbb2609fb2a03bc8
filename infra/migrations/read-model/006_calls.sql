-- Up Migration

-- Calls of a conversation. Of an erased conversation they are gone.
create table call (
  conversation_id text collate "C" not null,
  -- Seq of the event that started it.
  call bigint not null,
  media text not null,
  by_user text collate "C" not null,
  at bigint not null,
  -- Null while it goes on.
  ended_at bigint,
  primary key (conversation_id, call)
) with (fillfactor = 80);

-- The one that goes on, if one does: what every event about it looks for.
create index call_ongoing on call (conversation_id) where ended_at is null;

-- From when to when a device was in a call; more than one where it came again. Those of an erased person are gone.
create table call_stay (
  conversation_id text collate "C" not null,
  -- Seq of the event by which it entered.
  participant bigint not null,
  call bigint not null,
  user_id text collate "C" not null,
  device text collate "C" not null,
  joined_at bigint not null,
  -- Null while it is in the call.
  left_at bigint,
  -- left, removed or lost; null where the call ended, or a newer stay of the device began.
  why text,
  primary key (conversation_id, participant)
) with (fillfactor = 80);

create index call_stay_of_call on call_stay (conversation_id, call, participant);

create index call_stay_of_user on call_stay (conversation_id, user_id);

-- Down Migration

drop table call_stay, call;
