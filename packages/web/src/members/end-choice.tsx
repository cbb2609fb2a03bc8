import { useId, useState } from 'preact/hooks';
import { sayWhy } from '../parts/toasts.js';
import { useNow } from '../parts/use-now.js';
import { useSession } from '../session/session-context.js';
import { momentOf, untilOf } from '../text/times.js';

type EndChoiceProps = {
  readonly conversationId: string;
  readonly expiresAt: number | undefined;
  readonly isDisabled: boolean;
};

const DAY = 86_400_000;
const OFFERED = [1, 7, 30];

/** When the conversation itself ends and is erased. */
export function EndChoice({ conversationId, expiresAt, isDisabled }: EndChoiceProps) {
  const { client } = useSession();
  const now = useNow(client, expiresAt);
  const [date, setDate] = useState<string>();
  const field = useId();
  const set = (at: number | null): void =>
    void client.setExpiry(conversationId, at).then(() => setDate(undefined), sayWhy);
  if (isDisabled && expiresAt === undefined) return null;
  return (
    <fieldset class="lives" disabled={isDisabled}>
      <legend>The conversation ends</legend>
      {expiresAt !== undefined && (
        <p class="end-line">
          <strong>In {untilOf(expiresAt, now)}</strong>, on {momentOf(expiresAt)}. Then it is erased for
          everyone.
        </p>
      )}
      {!isDisabled && (
        <div class="segments">
          <button
            type="button"
            class={expiresAt === undefined ? 'chosen' : ''}
            aria-pressed={expiresAt === undefined}
            onClick={() => expiresAt !== undefined && set(null)}
          >
            Never
          </button>
          {OFFERED.map((days) => (
            <button key={days} type="button" onClick={() => set(client.now() + days * DAY)}>
              <span aria-hidden="true">{days} d</span>
              <span class="sr-only">{days === 1 ? 'In 1 day' : `In ${days} days`}</span>
            </button>
          ))}
          <button
            type="button"
            aria-expanded={date !== undefined}
            onClick={() => setDate(date === undefined ? '' : undefined)}
          >
            Date
          </button>
        </div>
      )}
      {date !== undefined && (
        <form
          class="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            set(new Date(date).getTime());
          }}
        >
          <label class="sr-only" for={field}>
            Day and time
          </label>
          <input
            id={field}
            class="input"
            type="datetime-local"
            value={date}
            onInput={({ currentTarget }) => setDate(currentTarget.value)}
          />
          <button type="submit" class="button primary" disabled={date === ''}>
            Set
          </button>
        </form>
      )}
    </fieldset>
  );
}
