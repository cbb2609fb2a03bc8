import type { CallMedia } from '@parley/domain/call/call';
import { useEffect } from 'preact/hooks';
import { useSession } from '../session/session-context.js';
import { CallIcon } from './call-icon.js';
import { enterCall } from './enter-call.js';
import { useOngoing } from './use-calls.js';
import { wordsOfEnd } from './words.js';

type EndedCardProps = {
  readonly conversationId: string;
  readonly why: string | undefined;
  readonly media: CallMedia;
};

/** Why the call is over here, and the way back into it. */
export function EndedCard({ conversationId, why, media }: EndedCardProps) {
  const who = useSession();
  const words = wordsOfEnd(why);
  const goesOn = useOngoing((calls) => calls.find((each) => each.conversationId === conversationId));
  const dismiss = (): void => who.calls.loaded.snapshot()?.dismiss();
  useEffect(() => {
    if (words === undefined) dismiss();
  }, [words]);
  if (words === undefined) return null;
  const again =
    goesOn === undefined ? { conversationId, media } : { conversationId, media, call: goesOn.call };
  return (
    <section class="stage ended" aria-label="Call">
      <div class="ended-card" role="status">
        <CallIcon name="hangUp" />
        <h3>{words.title}</h3>
        <p>{words.text}</p>
        <div class="ended-ways">
          <button type="button" class="button" onClick={dismiss}>
            Close
          </button>
          {words.mayRetry && goesOn !== undefined && (
            <button type="button" class="button primary" onClick={() => void enterCall(who, again)}>
              Join again
            </button>
          )}
        </div>
      </div>
    </section>
  );
}
