import type { CallSession } from '@parley/client/voice/call-types';
import { useRef } from 'preact/hooks';
import { titleOf } from '../list/titles.js';
import { useEntry } from '../list/use-entry.js';
import { useStore } from '../parts/use-store.js';
import { hrefOf } from '../session/address.js';
import { useSession } from '../session/session-context.js';
import { Elapsed } from './elapsed.js';
import { HangUp } from './hang-up.js';
import { MicControl } from './mic-control.js';
import { standingOf } from './standing.js';
import { StartSound } from './start-sound.js';
import { TrackVideo } from './track-video.js';
import { useShown } from './use-shown.js';
import { mostTelling, pictureOf, type View } from './views.js';

/** The call while one looks at another conversation: the way back to it, microphone and leaving. */
export function Dock({ session }: { readonly session: CallSession }) {
  const { client } = useSession();
  const { conversationId, tiles, startedAt, phase } = useStore(session.state);
  const entry = useEntry(conversationId);
  const title = titleOf(entry ?? { conversationId }, client.user);
  const { speaks } = standingOf(entry);
  const me = tiles.find(({ isMe }) => isMe);
  const speaker = tiles.find(({ isMe, speaking }) => speaking && !isMe);
  const view = mostTelling(tiles);
  return (
    <section class="dock" aria-label="Call">
      {view !== undefined && <DockPicture key={view.key} session={session} view={view} />}
      <StartSound />
      <div class="dock-line">
        <a class="dock-words" href={hrefOf(conversationId)} title="Back to the call">
          <strong>
            <bdi>{title}</bdi>
          </strong>
          <span class={phase === 'reconnecting' ? 'amiss' : ''}>
            {phase === 'connected' ? (
              <>
                <Elapsed since={startedAt} />
                {speaker !== undefined && ` · ${speaker.user} speaks`}
              </>
            ) : phase === 'reconnecting' ? (
              'Reconnecting…'
            ) : (
              'Connecting…'
            )}
          </span>
        </a>
        {speaks && <MicControl session={session} me={me} />}
        <HangUp session={session} />
      </div>
    </section>
  );
}

type DockPictureProps = { readonly session: CallSession; readonly view: View };

function DockPicture({ session, view }: DockPictureProps) {
  const element = useRef<HTMLDivElement>(null);
  const picture = pictureOf(view);
  useShown(session, element, view.tile, view.source, true);
  const label = view.source === 'screen' ? `Screen of ${view.tile.user}` : `Camera of ${view.tile.user}`;
  return (
    <div ref={element} class="dock-picture">
      {picture !== undefined && (
        <TrackVideo track={picture} label={label} isWhole={view.source === 'screen'} />
      )}
    </div>
  );
}
