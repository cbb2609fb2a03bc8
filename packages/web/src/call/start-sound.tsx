import { useStore } from '../parts/use-store.js';
import { soundBlocked } from './call-page.js';

/** Where the browser plays nothing before the page is touched. */
export function StartSound() {
  if (!useStore(soundBlocked)) return null;
  return (
    <p class="stage-note" role="alert">
      The browser keeps the call silent.
      <button type="button" class="text-button" onClick={() => soundBlocked.set(false)}>
        Start sound
      </button>
    </p>
  );
}
