import type { CallOptions } from '@parley/client/voice/call-types';
import { goTo } from '../session/address.js';
import type { SessionContext } from '../session/session-context.js';
import { entering, pinnedView, showsMessages, soundBlocked, trouble, type WantedCall } from './call-page.js';
import { callSettings } from './call-settings.js';
import { standingOf } from './standing.js';

type Who = Pick<SessionContext, 'client' | 'calls'>;

/** Starts a call or joins it, and shows it; another one is left. Never rejects: what went wrong is `trouble`. */
export async function enterCall(who: Who, wanted: WantedCall, options: CallOptions = {}): Promise<void> {
  if (entering.snapshot() !== undefined) return;
  entering.set(wanted);
  trouble.set(undefined);
  goTo(wanted.conversationId);
  try {
    const calls = await who.calls.load();
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
    };
    const { conversationId, media, call } = wanted;
    await (call === undefined
      ? calls.start(conversationId, media, chosen)
      : calls.join(conversationId, call, chosen));
  } catch (error) {
    trouble.set({ wanted, error });
  } finally {
    entering.set(undefined);
  }
}
