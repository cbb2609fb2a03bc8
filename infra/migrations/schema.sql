-- Schema parley

create table dropped_event (
  stream text not null,
  stream_seq bigint not null,
  conversation_id text collate "C" not null,
  seq bigint,
  error text not null,
  reason text not null,
  dropped_at timestamp with time zone not null default now(),
  constraint dropped_event_pkey PRIMARY KEY (stream, stream_seq)
);

create table read_model (
  singleton boolean not null default true,
  active text not null,
  switched_at timestamp with time zone not null default now(),
  previous text,
  dropped integer not null default 0,
  constraint read_model_active_check CHECK ((active ~ '^rm_[0-9]+$'::text)),
  constraint read_model_pkey PRIMARY KEY (singleton),
  constraint read_model_previous_check CHECK ((previous ~ '^rm_[0-9]+$'::text)),
  constraint read_model_singleton_check CHECK (singleton)
);

create table version (
  version integer not null,
  model smallint not null,
  state text not null,
  made_at timestamp with time zone not null default now(),
  verified_at timestamp with time zone,
  verified_against text,
  promoted_at timestamp with time zone,
  constraint version_model_check CHECK ((model > 0)),
  constraint version_pkey PRIMARY KEY (version),
  constraint version_state_check CHECK ((state = ANY (ARRAY['building'::text, 'following'::text, 'dropping'::text]))),
  constraint version_version_check CHECK (((version >= 1) AND (version <= 999999)))
);

-- Schema of each read model

create table ban (
  conversation_id text collate "C" not null,
  ban_hash text collate "C" not null,
  constraint ban_pkey PRIMARY KEY (conversation_id, ban_hash)
);

create table call (
  conversation_id text collate "C" not null,
  call bigint not null,
  media text not null,
  by_user text collate "C" not null,
  at bigint not null,
  ended_at bigint,
  constraint call_pkey PRIMARY KEY (conversation_id, call)
) with (fillfactor=80);
CREATE INDEX call_ongoing ON call USING btree (conversation_id) WHERE (ended_at IS NULL);

create table call_stay (
  conversation_id text collate "C" not null,
  participant bigint not null,
  call bigint not null,
  user_id text collate "C" not null,
  device text collate "C" not null,
  joined_at bigint not null,
  left_at bigint,
  why text,
  constraint call_stay_pkey PRIMARY KEY (conversation_id, participant)
) with (fillfactor=80);
CREATE INDEX call_stay_of_call ON call_stay USING btree (conversation_id, call, participant);
CREATE INDEX call_stay_of_user ON call_stay USING btree (conversation_id, user_id);

create table checkpoint (
  projection text not null,
  partition integer not null,
  stream_seq bigint not null,
  events bigint not null,
  digest text not null,
  updated_at timestamp with time zone not null default now(),
  window_began bigint not null default 0,
  window_opened_at bigint not null default 0,
  interventions bigint not null default 0,
  constraint checkpoint_pkey PRIMARY KEY (projection, partition)
) with (fillfactor=20);

create table conversation (
  conversation_id text collate "C" not null,
  kind text,
  title text,
  ttl integer,
  closed boolean not null default false,
  revision bigint not null,
  messages bigint not null default 0,
  last_activity_at bigint not null,
  member_count integer not null default 0,
  changed bigint not null default 0,
  marked bigint not null default 0,
  partition smallint not null default 0,
  expires_at bigint,
  erased_at bigint,
  next_due bigint,
  hold_reason text,
  hold_since bigint,
  hold_by text collate "C",
  constraint conversation_pkey PRIMARY KEY (conversation_id)
) with (fillfactor=60);
CREATE INDEX conversation_due ON conversation USING btree (partition, next_due) WHERE ((next_due IS NOT NULL) AND (hold_since IS NULL));
CREATE INDEX conversation_erased ON conversation USING btree (partition) WHERE (erased_at IS NOT NULL);
CREATE INDEX conversation_held ON conversation USING btree (conversation_id) WHERE (hold_since IS NOT NULL);

create table dead_letter (
  projection text not null,
  partition integer not null,
  stream_seq bigint not null,
  subject text not null,
  payload bytea not null,
  error text not null,
  parked_at timestamp with time zone not null default now(),
  constraint dead_letter_pkey PRIMARY KEY (projection, partition, stream_seq)
);

create table departure (
  conversation_id text collate "C" not null,
  user_id text collate "C" not null,
  partition smallint not null,
  changed bigint not null,
  constraint departure_pkey PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX departure_of_user ON departure USING btree (user_id, partition, changed);

create table digest_mark (
  partition smallint not null,
  stream_seq bigint not null,
  digest text not null,
  constraint digest_mark_pkey PRIMARY KEY (partition, stream_seq)
);

create table gap (
  partition smallint not null,
  stream_seq bigint not null,
  last bigint not null,
  constraint gap_pkey PRIMARY KEY (partition, stream_seq)
);

create table member (
  conversation_id text collate "C" not null,
  user_id text collate "C" not null,
  role text not null,
  since bigint not null,
  ban_hash text collate "C" not null,
  partition smallint not null default 0,
  marked bigint not null default 0,
  constraint member_pkey PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX member_marked ON member USING btree (user_id, partition, marked);
CREATE INDEX member_of_user ON member USING btree (user_id, conversation_id);

create table mended_conversation (
  partition smallint not null,
  conversation_id text collate "C" not null,
  stream_seq bigint not null,
  constraint mended_conversation_pkey PRIMARY KEY (partition, conversation_id)
);
CREATE INDEX mended_of_late ON mended_conversation USING btree (partition, stream_seq);

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
  expired boolean not null default false,
  reactions integer not null default 0,
  body text,
  replies integer not null default 0,
  constraint message_pkey PRIMARY KEY (conversation_id, seq)
) with (autovacuum_vacuum_insert_scale_factor=0.05, autovacuum_analyze_scale_factor=0.02);
CREATE INDEX message_by_author ON message USING btree (conversation_id, author, seq);
CREATE INDEX message_due ON message USING btree (conversation_id, expires_at) WHERE ((expires_at IS NOT NULL) AND (NOT expired));
CREATE INDEX message_gone ON message USING btree (conversation_id, seq) WHERE (expired OR (deleted_at IS NOT NULL));
CREATE INDEX message_replies ON message USING btree (conversation_id, reply_to) WHERE ((reply_to IS NOT NULL) AND (NOT expired) AND (deleted_at IS NULL));
CREATE INDEX message_shown ON message USING btree (conversation_id, seq) WHERE (NOT expired);

create table parked_conversation (
  partition smallint not null,
  conversation_id text collate "C" not null,
  stream_seq bigint not null,
  waiting bigint not null default 0,
  held boolean not null default false,
  parked_at timestamp with time zone not null default now(),
  constraint parked_conversation_pkey PRIMARY KEY (partition, conversation_id)
);

create table pin (
  conversation_id text collate "C" not null,
  seq bigint not null,
  by_user text collate "C" not null,
  at bigint not null,
  constraint pin_pkey PRIMARY KEY (conversation_id, seq)
);

create table reaction (
  conversation_id text collate "C" not null,
  seq bigint not null,
  emoji text collate "C" not null,
  user_id text collate "C" not null,
  constraint reaction_pkey PRIMARY KEY (conversation_id, seq, emoji, user_id)
);

create table receipt (
  conversation_id text collate "C" not null,
  user_id text collate "C" not null,
  delivered bigint not null,
  read bigint not null,
  at bigint not null,
  partition smallint not null default 0,
  changed bigint not null default 0,
  marked bigint not null default 0,
  moves bigint[] not null default '{}'::bigint[],
  constraint receipt_pkey PRIMARY KEY (conversation_id, user_id)
) with (fillfactor=70);
CREATE INDEX receipt_marked ON receipt USING btree (user_id, partition, marked);
