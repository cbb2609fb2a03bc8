import { useEffect, useState } from 'preact/hooks';
import { useSession } from './session-context.js';

/** Milliseconds in which a reader has taken up what is to be read out. */
const READ_MS = 4_000;

/** Reads out what others say in the conversation that is open. */
export function Announcer({ conversationId }: { readonly conversationId: string | undefined }) {
  const { client } = useSession();
  const [words, setWords] = useState('');
  useEffect(
    () =>
      client.on('event', ({ type, actor, data, ...event }) => {
        if (type !== 'message.sent' || event.conversationId !== conversationId || actor === client.user)
          return;
        const body = data.body as { readonly kind: string; readonly text?: string } | null;
        if (body === null) return;
        setWords(`${actor}: ${body.kind === 'text' ? body.text?.slice(0, 300) : 'an encrypted message'}`);
      }),
    [client, conversationId],
  );
  // What was read out stays no longer in the page than the shortest life.
  useEffect(() => {
    const timer = setTimeout(() => setWords(''), READ_MS);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <div class="sr-only" role="log" aria-live="polite" aria-label="New messages">
      {words}
    </div>
  );
}
