import type { CallSession } from '@parley/client/voice/call-types';
import { isDirectId } from '@parley/domain/ids';
import { act } from './act.js';
import { CallIcon } from './call-icon.js';

export const HangUp = ({ session }: { readonly session: CallSession }) => (
  <button
    type="button"
    class="call-control hang-up"
    aria-label="Leave the call"
    title="Leave the call"
    onClick={() => act(hangUp(session))}
  >
    <CallIcon name="hangUp" />
  </button>
);

/** Leaves; what two people have is over for both when one hangs up, unless they go on by another device of theirs. */
async function hangUp(session: CallSession): Promise<void> {
  const { conversationId, tiles } = session.state.snapshot();
  const mine = tiles.find(({ isMe }) => isMe)?.user;
  const goesOn = tiles.some(({ isMe, user }) => !isMe && user === mine);
  await session.leave();
  if (isDirectId(conversationId) && !goesOn) await session.end();
}
