import type { CallSession } from '@parley/client/voice/call-types';
import { useEffect } from 'preact/hooks';

/** While the space bar is held one is heard; not while one writes, or is on a control by keys. */
export function usePushToTalk(session: CallSession | undefined): void {
  useEffect(() => {
    if (session === undefined) return;
    let isTalking = false;
    const talk = (on: boolean): void => {
      if (isTalking === on) return;
      isTalking = on;
      session.talk(on);
    };
    const press = (event: KeyboardEvent): void => {
      if (event.code !== 'Space' || isTaken(event.target)) return;
      event.preventDefault();
      talk(true);
    };
    const release = (event: KeyboardEvent): void => {
      if (event.code !== 'Space' || !isTalking) return;
      event.preventDefault();
      talk(false);
    };
    // The key may be let go of where this page does not hear it.
    const stop = (): void => talk(false);
    addEventListener('keydown', press, true);
    addEventListener('keyup', release, true);
    addEventListener('blur', stop);
    return () => {
      stop();
      removeEventListener('keydown', press, true);
      removeEventListener('keyup', release, true);
      removeEventListener('blur', stop);
    };
  }, [session]);
}

/** Where space means something else. */
const isTaken = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches('input:not([type="checkbox"]), textarea, select') ||
    target.matches(':is(button:not(.talk), a, input, summary):focus-visible'));
