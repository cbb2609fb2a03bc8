import type { CallSession, CallTile } from '@parley/client/voice/call-types';
import type { BroadcastSource } from '@parley/domain/call/call';
import type { RefObject } from 'preact';
import { Icon } from '../parts/icon.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { act } from './act.js';
import { CallIcon } from './call-icon.js';
import { callSettings } from './call-settings.js';
import { DeviceFields } from './device-fields.js';
import { changePushToTalk } from './push-to-talk.js';
import { useStanding } from './use-roles.js';

type CallMenuProps = {
  readonly session: CallSession;
  readonly me: CallTile | undefined;
  readonly stage: RefObject<HTMLElement | null>;
  readonly onDone: () => void;
};

/** Devices, how one talks, how the media goes, and what only those who lead may do. */
export function CallMenu({ session, me, stage, onDone }: CallMenuProps) {
  const { client } = useSession();
  const { conversationId, topology, by, audioOnly, broadcast, tiles } = useStore(session.state);
  const { isDirect, leads, speaks } = useStanding(conversationId);
  const { pushToTalk } = useStore(callSettings(client.user));
  const others = tiles.length - 1;
  const air = (source: BroadcastSource | null): void => {
    onDone();
    act(session.broadcast(source));
  };
  return (
    <div class="call-menu">
      <DeviceFields session={session} speaks={speaks} />
      {speaks && (
        <label class="check">
          <input
            type="checkbox"
            checked={pushToTalk}
            onChange={({ currentTarget: { checked } }) => changePushToTalk(client.user, session, checked)}
          />
          <span>
            Push to talk <span class="hint">hold the space bar</span>
          </span>
        </label>
      )}
      <p class="call-way">
        <CallIcon name={me?.quality === 'poor' ? 'weak' : me?.quality === 'fair' ? 'fair' : 'signal'} />
        <span>
          {topology === 'p2p'
            ? others > 0
              ? 'Peer to peer'
              : 'Peer to peer, nobody else yet'
            : 'By a server'}
          {me !== undefined && me.quality !== 'unknown' && `, ${me.quality} connection`}
          {audioOnly && ', sound only: too much is lost on the way'}
        </span>
      </p>
      <div class="menu-items">
        <button
          type="button"
          onClick={() => {
            onDone();
            void toggleFullscreen(stage.current);
          }}
        >
          <CallIcon name={document.fullscreenElement === null ? 'expand' : 'shrink'} />
          {document.fullscreenElement === null ? 'Full screen' : 'Leave full screen'}
        </button>
        {leads &&
          !isDirect &&
          (broadcast === null ? (
            <>
              <button type="button" onClick={() => air('mix')}>
                <CallIcon name="onAir" />
                Broadcast who speaks
              </button>
              <button type="button" onClick={() => air('screen')}>
                <CallIcon name="onAir" />
                Broadcast the shared screen
              </button>
            </>
          ) : (
            <button type="button" onClick={() => air(null)}>
              <CallIcon name="onAir" />
              Stop the broadcast
            </button>
          ))}
        {(isDirect || leads || by === client.user) && (
          <button
            type="button"
            class="dangerous"
            onClick={() => {
              onDone();
              act(session.end());
            }}
          >
            <Icon name="close" />
            End the call for everyone
          </button>
        )}
      </div>
    </div>
  );
}

async function toggleFullscreen(stage: HTMLElement | null): Promise<void> {
  if (document.fullscreenElement === null) await stage?.requestFullscreen().catch(() => undefined);
  else await document.exitFullscreen().catch(() => undefined);
}
