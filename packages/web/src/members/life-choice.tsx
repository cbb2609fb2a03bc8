import { sayWhy } from '../parts/toasts.js';
import { useSession } from '../session/session-context.js';
import { LIVES, lifeOf } from '../text/times.js';

type LifeChoiceProps = {
  readonly conversationId: string;
  readonly ttl: number | null;
  readonly isDisabled: boolean;
};

/** After how long messages disappear: those sent from now on. */
export function LifeChoice({ conversationId, ttl, isDisabled }: LifeChoiceProps) {
  const { client } = useSession();
  const choices = LIVES.some(([seconds]) => seconds === ttl)
    ? LIVES
    : [...LIVES, [ttl, lifeOf(ttl as number), lifeOf(ttl as number)] as const];
  return (
    <fieldset class="lives" disabled={isDisabled}>
      <legend>Messages disappear after</legend>
      <div class="segments">
        {choices.map(([seconds, label, brief]) => (
          <label key={label} class={seconds === ttl ? 'chosen' : ''}>
            <input
              type="radio"
              name="life"
              checked={seconds === ttl}
              onChange={() =>
                void client.call('conversation.setTtl', { conversationId, ttl: seconds }).catch(sayWhy)
              }
            />
            <span aria-hidden="true">{brief}</span>
            <span class="sr-only">{label}</span>
          </label>
        ))}
      </div>
      <p class="hint">Counts for what is sent from now on.</p>
    </fieldset>
  );
}
