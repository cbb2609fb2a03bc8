import type { ParleyClient } from '@parley/client/parley-client';
import type { LiveEvent } from '@parley/domain/wire/live';

/** Events a client was told of one conversation, one after the other, and what made it begin anew. */
export type Run = { readonly after: 'nothing' | 'entry' | string; readonly events: LiveEvent[] };

/** What one client was told, by conversation. */
export type Testimony = ReadonlyMap<string, readonly Run[]>;

/** Writes down everything a client is told. An entry begins a new run, and so does a resync, under its reason. */
export function witness(client: ParleyClient): Testimony {
  const testimony = new Map<string, Run[]>();
  const begin = (conversationId: string, after: Run['after']): Run => {
    const run = { after, events: [] };
    testimony.set(conversationId, [...(testimony.get(conversationId) ?? []), run]);
    return run;
  };
  client.on('event', (event) => {
    const { conversationId } = event;
    const last = testimony.get(conversationId)?.at(-1);
    const run = isEntry(event, client.user)
      ? begin(conversationId, 'entry')
      : (last ?? begin(conversationId, 'nothing'));
    run.events.push(event);
  });
  client.on('resync', ({ conversationId, reason }) => void begin(conversationId, reason));
  return testimony;
}

function isEntry({ type, data }: LiveEvent, user: string): boolean {
  if (type !== 'member.added' && type !== 'conversation.created') return false;
  return (data.members as readonly { readonly user: string }[]).some((member) => member.user === user);
}
