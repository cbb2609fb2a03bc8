import { RefusalError } from '@parley/client/refusal-error';
import { Icon } from './icon.js';
import { useStore } from './use-store.js';
import { createValue } from './value.js';

type Tone = 'notice' | 'problem';
type Toast = {
  readonly id: number;
  readonly text: string;
  readonly tone: Tone;
  readonly action?: ToastAction;
};
type ToastAction = { readonly label: string; readonly run: () => void };

/** More at once hide the page: the oldest give way. */
const MAX_TOASTS = 3;
const SHOWN_MS = 7_000;

const toasts = createValue<readonly Toast[]>([]);
let nextId = 1;

/** Says something to the person, for a few seconds. */
export function say(text: string, tone: Tone = 'notice', action?: ToastAction): void {
  if (toasts.snapshot().some((toast) => toast.text === text)) return;
  const id = nextId++;
  const toast = { id, text, tone, ...(action === undefined ? {} : { action }) };
  toasts.set([...toasts.snapshot(), toast].slice(-MAX_TOASTS));
  setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Says why something was not done: the sentence of the table. */
export function sayWhy(error: unknown): void {
  say(error instanceof RefusalError ? error.message : 'Something failed here. Try again.', 'problem');
}

const dismiss = (id: number): void => toasts.set(toasts.snapshot().filter((toast) => toast.id !== id));

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {useStore(toasts).map(({ id, text, tone, action }) => (
        <div key={id} class={`toast ${tone}`}>
          <p>{text}</p>
          {action !== undefined && (
            <button
              type="button"
              class="text-button"
              onClick={() => {
                action.run();
                dismiss(id);
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
