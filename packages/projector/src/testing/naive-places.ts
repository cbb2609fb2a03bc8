import type { Envelope } from '@parley/domain/log/envelope';
import type { ClientBase } from 'pg';
import type { Row } from '../verify/rows-of-history.js';
import { WINDOW_MS } from '../window.js';
import { readRows } from './read-tables.js';
import { tablesOfLog } from './tables-of-log.js';

/** Where in the log things changed, as `session.sync` reads it. */
export type Places = {
  readonly conversation: readonly Row[];
  readonly member: readonly Row[];
  readonly departure: readonly Row[];
};

/** The same from the specification: of a log stored from stream sequence 1 on, each event at its own time. */
export function naivePlaces(events: readonly Envelope[]): Places {
  const changed = new Map<string, number>();
  const marked = new Map<string, number>();
  const departures = new Map<string, Row>();
  let began = 0;
  let openedAt = 0;
  for (const [index, event] of events.entries()) {
    const streamSeq = index + 1;
    if (Math.floor(event.at / WINDOW_MS) !== Math.floor(openedAt / WINDOW_MS))
      [began, openedAt] = [streamSeq, event.at];
    changed.set(event.conversationId, streamSeq);
    marked.set(event.conversationId, began);
    for (const user of leavers(events.slice(0, streamSeq))) {
      const row = { conversation_id: event.conversationId, user_id: user, partition: 0, changed: streamSeq };
      departures.set(`${event.conversationId} ${user}`, row);
    }
    for (const user of enterers(event)) departures.delete(`${event.conversationId} ${user}`);
  }
  const { conversation, member } = tablesOfLog(events);
  return {
    conversation: conversation.map(({ conversation_id }) => ({
      conversation_id,
      changed: changed.get(conversation_id as string),
      marked: marked.get(conversation_id as string),
    })),
    member: member.map(({ conversation_id, user_id }) => ({
      conversation_id,
      user_id,
      partition: 0,
      marked: marked.get(conversation_id as string),
    })),
    departure: [...departures]
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([, row]) => row),
  };
}

/** Who the newest event put out, whether they were in or not. */
function leavers(events: readonly Envelope[]): readonly string[] {
  const event = events.at(-1);
  switch (event?.type) {
    case 'member.removed':
      return event.data.users;
    case 'member.left':
      return [event.actor];
    case 'member.banned':
      return membersOf(events.slice(0, -1), event.conversationId)
        .filter((row) => row.ban_hash === event.data.banHash)
        .map(({ user_id }) => user_id as string);
    case 'member.erased':
      return [event.data.user];
    case 'conversation.erased':
      return membersOf(events.slice(0, -1), event.conversationId).map(({ user_id }) => user_id as string);
    default:
      return [];
  }
}

const membersOf = (events: readonly Envelope[], conversationId: string): readonly Row[] =>
  tablesOfLog(events).member.filter((row) => row.conversation_id === conversationId);

const enterers = (event: Envelope): readonly string[] =>
  event.type === 'member.added' || event.type === 'conversation.created'
    ? event.data.members.map(({ user }) => user)
    : [];

export async function readPlaces(client: Pick<ClientBase, 'query'>, schema: string): Promise<Places> {
  const rows = (columns: string, table: string) =>
    readRows(client, `select ${columns} from ${schema}.${table} order by ${columns}`);
  return {
    conversation: await rows('conversation_id, changed, marked', 'conversation'),
    member: await rows('conversation_id, user_id, partition, marked', 'member'),
    departure: await rows('conversation_id, user_id, partition, changed', 'departure'),
  };
}
