import type { CallSession } from '@parley/client/voice/call-types';
import { useEffect } from 'preact/hooks';
import { say } from '../parts/toasts.js';
import { act } from './act.js';
import { changeSettings } from './call-settings.js';

/** Changes how one talks, in the call that goes on too: whoever need not hold the bar any more is not heard before they say so. */
export function changePushToTalk(user: string, session: CallSession | undefined, isOn: boolean): void {
  changeSettings(user, { pushToTalk: isOn });
  if (session === undefined || session.state.snapshot().phase === 'ended') return;
  if (isOn) session.setPushToTalk(true);
  act(session.setMic(isOn));
  if (!isOn) session.setPushToTalk(false);
}

/** Talks while held. Where there is no microphone it is asked for. */
export function hold(session: CallSession, isHeld: boolean): void {
  const me = session.state.snapshot().tiles.find(({ isMe }) => isMe);
  if (isHeld && me?.muted) return sayMuted();
  session.talk(isHeld);
  if (isHeld && me?.tracks.mic === undefined) act(session.setMic(true));
}

export const sayMuted = (): void => say('Who leads here has muted you; they alone can undo it.');

/** While the space bar is held one is heard; not while one writes, or is on a control by keys. */
export function usePushToTalk(session: CallSession | undefined): void {
  useEffect(() => {
    if (session === undefined) return;
    let isTalking = false;
    const talk = (on: boolean): void => {
      if (isTalking === on) return;
      isTalking = on;
      hold(session, on);
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
