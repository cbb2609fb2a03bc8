import { Dialog } from '../parts/dialog.js';
import { useSession } from '../session/session-context.js';
import { type CallTrouble, trouble } from './call-page.js';
import { enterCall } from './enter-call.js';
import { wordsOfError } from './words.js';

/** Why one is not in a call, what to do about it, and the way to be in it all the same. */
export function TroubleDialog({ trouble: { wanted, error } }: { readonly trouble: CallTrouble }) {
  const who = useSession();
  const { title, text, mayRetry, mayListen = false } = wordsOfError(error, wanted.media);
  const isVideo = wanted.media === 'video';
  const close = (): void => trouble.set(undefined);
  return (
    <Dialog title={title} onClose={close} isNarrow>
      <p>{text}</p>
      <footer class="dialog-foot">
        {mayListen && (
          <button
            type="button"
            class="button"
            onClick={() => void enterCall(who, { ...wanted, media: 'voice' }, isVideo ? {} : { mic: false })}
          >
            {isVideo ? 'Without camera' : 'Only listen'}
          </button>
        )}
        {mayRetry ? (
          <button type="button" class="button primary" onClick={() => void enterCall(who, wanted)}>
            Try again
          </button>
        ) : (
          <button type="button" class="button primary" onClick={close}>
            Close
          </button>
        )}
      </footer>
    </Dialog>
  );
}
