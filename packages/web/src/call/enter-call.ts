import type { CallOptions } from '@parley/client/voice/call-types';
import { goTo } from '../session/address.js';
import type { SessionContext } from '../session/session-context.js';
import {
  type Entering,
  entering,
  pinnedView,
  showsMessages,
  soundBlocked,
  trouble,
  type WantedCall,
} from './call-page.js';
import { callSettings } from './call-settings.js';
import { standingOf } from './standing.js';

type Who = Pick<SessionContext, 'client' | 'calls'>;

/** Starts a call or joins it, and shows it; another one is left, or given up. Never rejects: what went wrong is `trouble`. */
export async function enterCall(who: Who, wanted: WantedCall, options: CallOptions = {}): Promise<void> {
  const before = entering.snapshot();
  if (before?.conversationId === wanted.conversationId) return;
  before?.giveUp();
  const { signal, mine } = begin(wanted);
  trouble.set(undefined);
  goTo(wanted.conversationId);
  try {
    const calls = await who.calls.load();
    signal.throwIfAborted();
    pinnedView.set(undefined);
    showsMessages.set(false);
    soundBlocked.set(false);
    const { pushToTalk, microphone, camera } = callSettings(who.client.user).snapshot();
    // Whoever only listens is not asked for a microphone.
    const { speaks } = standingOf(who.client.list.find(wanted.conversationId));
    const chosen: CallOptions = {
      pushToTalk,
      mic: speaks,
      camera: speaks && wanted.media === 'video',
      ...(microphone === undefined ? {} : { microphoneId: microphone }),
      ...(camera === undefined ? {} : { cameraId: camera }),
      ...options,
      signal,
    };
    const { conversationId, media, call } = wanted;
    await (call === undefined
      ? calls.start(conversationId, media, chosen)
      : calls.join(conversationId, call, chosen));
  } catch (error) {
    if (!signal.aborted) trouble.set({ wanted, error });
  } finally {
    if (entering.snapshot() === mine) entering.set(undefined);
  }
}

function begin(wanted: WantedCall): { readonly signal: AbortSignal; readonly mine: Entering } {
  const controller = new AbortController();
  const mine: Entering = {
    ...wanted,
    giveUp() {
      controller.abort();
      entering.set(undefined);
    },
  };
  entering.set(mine);
  return { signal: controller.signal, mine };
}
