import { useState } from 'preact/hooks';
import { sayWhy } from '../parts/toasts.js';
import { useSession } from '../session/session-context.js';
import { briefLifeOf, LIVES } from '../text/times.js';
import { CustomLife } from './custom-life.js';

type LifeChoiceProps = {
  readonly conversationId: string;
  readonly ttl: number | null;
  readonly isDisabled: boolean;
};

/** After how long messages disappear: those sent from now on. */
export function LifeChoice({ conversationId, ttl, isDisabled }: LifeChoiceProps) {
  const { client } = useSession();
  const [isCustom, setCustom] = useState(false);
  const isOffered = LIVES.some(([seconds]) => seconds === ttl);
  const set = (next: number | null): void =>
    void client.setTtl(conversationId, next).then(() => setCustom(false), sayWhy);
  return (
    <fieldset class="lives" disabled={isDisabled}>
      <legend>Messages disappear after</legend>
      <div class="segments">
        {LIVES.map(([seconds, label, brief]) => (
          <label key={label} class={seconds === ttl && !isCustom ? 'chosen' : ''}>
            <input
              type="radio"
              name="life"
              checked={seconds === ttl && !isCustom}
              onChange={() => set(seconds)}
            />
            <span aria-hidden="true">{brief}</span>
            <span class="sr-only">{label}</span>
          </label>
        ))}
        <label class={isCustom || !isOffered ? 'chosen' : ''}>
          <input
            type="radio"
            name="life"
            checked={isCustom || !isOffered}
            onClick={() => setCustom(true)}
            onChange={() => setCustom(true)}
          />
          <span>{isOffered || isCustom ? 'Other' : briefLifeOf(ttl as number)}</span>
        </label>
      </div>
      {isCustom && <CustomLife ttl={ttl} onSet={set} />}
      <p class="hint">Counts for what is sent from now on.</p>
    </fieldset>
  );
}
