import { useMemo } from 'preact/hooks';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';

/** Who is typing. It keeps its place when nobody does, so that nothing jumps. */
export function TypingLine({ conversationId }: { readonly conversationId: string }) {
  const { client } = useSession();
  const typing = useStore(useMemo(() => client.typing(conversationId), [client, conversationId]));
  return (
    <div class="typing" role="status" aria-live="polite">
      {typing.length > 0 && (
        <>
          <span class="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {sentenceOf(typing)}
        </>
      )}
    </div>
  );
}

function sentenceOf(people: readonly string[]): string {
  const [one = '', two = ''] = people;
  if (people.length === 1) return `${one} is typing`;
  return people.length === 2
    ? `${one} and ${two} are typing`
    : `${one} and ${people.length - 1} others are typing`;
}
