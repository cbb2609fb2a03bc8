/**
 * What a question may be asked of beside `events`: made of the events that are loaded, so of part of a log they say what that part
 * says. docs/analysis.md describes them; what they are made of is in the schema `parts`.
 *
 * A name in the log is not always a name in SQL: a user is a `member`, because USER is a word of SQL.
 */
export const VIEWS = `
create macro parts.time_of(ms) as make_timestamptz(ms * 1000);

create view parts.said as
select conversation_id, seq, actor as author, logged_at, data->'body' as body,
       unnest(from_json(data, '{"ordinal": "BIGINT", "sentAt": "BIGINT", "replyTo": "BIGINT", "expiresAt": "BIGINT"}'))
  from events where type = 'message.sent';

create view parts.edited as
select conversation_id, (data->>'seq')::bigint as seq, count(*) as edits, max(logged_at) as edited_at,
       arg_max(data->'body', events.seq) as body
  from events where type = 'message.edited' group by all;

create view parts.ended as
select conversation_id, seq, max(fate) as fate, min(ended_at) as ended_at
  from (select conversation_id, (data->>'seq')::bigint as seq, 'deleted' as fate, logged_at as ended_at, events.seq as ending
          from events where type = 'message.deleted'
        union all
        select conversation_id, (data->>'seq')::bigint, 'erased', logged_at, seq from events where type = 'message.erased'
        union all
        select conversation_id, unnest(range(span[1], span[2] + 1)), 'expired', logged_at, seq
          from (select conversation_id, logged_at, seq, unnest(from_json(data->'ranges', '[["BIGINT"]]')) as span
                  from events where type = 'message.expired')
        union all
        select said.conversation_id, said.seq, 'erased', gone.logged_at, gone.seq
          from parts.said join events gone on gone.conversation_id = said.conversation_id
           and (gone.type = 'conversation.erased' or gone.type = 'member.erased' and (gone.data->>'user') = said.author)
         where gone.type in ('conversation.erased', 'member.erased'))
 where ending > seq group by all;

create view messages as
select conversation_id, seq, ordinal, author,
       coalesce(parts.time_of(sentAt), said.logged_at) as sent_at, said.logged_at, replyTo as reply_to,
       case when fate is not null then fate
            when expiresAt <= epoch_ms(now()) then 'expired' else 'there' end as state,
       case when state = 'there' then (coalesce(edited.body, said.body)->>'text') end as text,
       case when state = 'there' then coalesce(edited.body, said.body) end as body,
       case when state = 'there' then coalesce(edits, 0) else 0 end as edits,
       case when state = 'there' then edited_at end as edited_at, ended_at, parts.time_of(expiresAt) as expires_at
  from parts.said left join parts.edited using (conversation_id, seq) left join parts.ended using (conversation_id, seq);

create view reactions as
select conversation_id, seq, member, emoji, reacted_at
  from (select conversation_id, (data->>'seq')::bigint as seq, actor as member, data->>'emoji' as emoji,
               arg_max((data->>'removed'), events.seq) = 'true' as removed, max(logged_at) as reacted_at
          from events where type = 'message.reacted' group by all)
  semi join (from messages where state = 'there') using (conversation_id, seq)
  anti join (select conversation_id, data->>'user' as member from events where type = 'member.erased') using (conversation_id, member)
 where not removed and emoji is not null;

create view parts.entered as
select conversation_id, seq, logged_at, actor, entry.user as member, entry.role as role, entry.banHash as ban_hash
  from (select conversation_id, seq, logged_at, actor,
               unnest(from_json(data->'members', '[{"user": "VARCHAR", "role": "VARCHAR", "banHash": "VARCHAR"}]')) as entry
          from events where type in ('conversation.created', 'member.added'));

create view parts.departed as
select conversation_id, seq, logged_at, unnest(from_json(data->'users', '["VARCHAR"]')) as member, 'removed' as how
  from events where type = 'member.removed'
union all
select conversation_id, seq, logged_at, actor, 'left' from events where type = 'member.left'
union all
select conversation_id, seq, logged_at, data->>'user', 'erased' from events where type = 'member.erased'
union all
select distinct banned.conversation_id, banned.seq, banned.logged_at, member, 'banned'
  from events banned join parts.entered
    on entered.conversation_id = banned.conversation_id and entered.seq < banned.seq and ban_hash = (banned.data->>'banHash')
 where banned.type = 'member.banned'
union all
select distinct gone.conversation_id, gone.seq, gone.logged_at, member, 'erased'
  from events gone join parts.entered using (conversation_id) where gone.type = 'conversation.erased';

create view parts.promoted as
select conversation_id, seq, data->>'user' as member, data->>'role' as role from events where type = 'member.roleSet'
union all
select conversation_id, seq, data->>'successor', 'owner' from events
 where type = 'member.erased' and (data->>'successor') is not null;

create view members as
with stay as (
  select entered.*, departed.seq as until_seq, departed.logged_at as left_at, departed.how
    from parts.entered asof left join parts.departed
      on entered.conversation_id = departed.conversation_id and entered.member = departed.member
     and entered.seq < departed.seq)
select stay.conversation_id, stay.member, coalesce(max_by(promoted.role, promoted.seq), any_value(stay.role)) as role,
       any_value(stay.logged_at) as joined_at, any_value(actor) as added_by, any_value(left_at) as left_at, any_value(how) as how
  from stay left join parts.promoted
    on promoted.conversation_id = stay.conversation_id and promoted.member = stay.member
   and promoted.seq > stay.seq and promoted.seq < coalesce(until_seq, 9007199254740991)
 group by stay.conversation_id, stay.member, stay.seq;

create view conversations as
select conversation_id, any_value(data->>'kind') filter (type = 'conversation.created') as kind,
       case when bool_or(type = 'conversation.erased') then 'erased'
            when bool_or(type = 'conversation.closed') then 'closed' else 'open' end as state,
       any_value(actor) filter (type = 'conversation.created') as created_by,
       any_value(logged_at) filter (type = 'conversation.created') as created_at,
       count(*) as events, max(seq) as last_seq, max(logged_at) as changed_at
  from events group by conversation_id;
`;
