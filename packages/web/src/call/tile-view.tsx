import type { CallSession } from '@parley/client/voice/call-types';
import { useRef } from 'preact/hooks';
import { Avatar } from '../parts/avatar.js';
import { Icon } from '../parts/icon.js';
import { CallIcon, type CallIconName } from './call-icon.js';
import { pinnedView } from './call-page.js';
import { TrackVideo } from './track-video.js';
import { useShown } from './use-shown.js';
import { pictureOf, type View } from './views.js';

type TileViewProps = {
  readonly session: CallSession;
  readonly view: View;
  readonly name: string;
  readonly isPinned: boolean;
  readonly audioOnly: boolean;
};

/** Somebody, or a screen: their picture or their initials, who they are and what of theirs is off. */
export function TileView({ session, view, name, isPinned, audioOnly }: TileViewProps) {
  const { key, tile, source } = view;
  const element = useRef<HTMLElement>(null);
  const picture = audioOnly && !tile.isMe ? undefined : pictureOf(view);
  useShown(session, element, tile, source, source === 'screen' || tile.camera);
  const isScreen = source === 'screen';
  const isSpeaking = tile.speaking && tile.mic && !isScreen;
  const words = isScreen ? (tile.isMe ? 'Your screen' : `Screen of ${name}`) : name;
  return (
    <figure
      ref={element}
      class={`tile ${isScreen ? 'screen' : ''} ${isSpeaking ? 'speaking' : ''} ${picture === undefined ? '' : 'lit'}`}
      data-view={key}
      data-user={tile.user}
    >
      {picture === undefined ? (
        <span class="tile-face">
          {!isScreen ? (
            <Avatar name={tile.user} />
          ) : audioOnly ? (
            <CallIcon name="screenOff" />
          ) : (
            <span class="spinner" role="status" aria-label="Waiting for the screen" />
          )}
        </span>
      ) : (
        <TrackVideo
          track={picture}
          label={isScreen ? words : `Camera of ${name}`}
          isMirrored={tile.isMe && !isScreen}
          isWhole={isScreen}
        />
      )}
      <figcaption>
        <span class="tile-name">{words}</span>
        {!isScreen && marksOf(view).map((mark) => <Mark key={mark.icon} {...mark} />)}
        {isSpeaking && <span class="sr-only">speaks</span>}
      </figcaption>
      <div class="tile-tools">
        <button
          type="button"
          class="icon-button"
          aria-pressed={isPinned}
          aria-label={`Pin ${words}`}
          title={isPinned ? 'Take off the stage' : 'Put on the stage'}
          onClick={() => pinnedView.set(isPinned ? undefined : key)}
        >
          <Icon name="pin" />
        </button>
      </div>
    </figure>
  );
}

type MarkProps = { readonly icon: CallIconName; readonly title: string; readonly tone?: 'warn' };

const Mark = ({ icon, title, tone }: MarkProps) => (
  <span class={`tile-mark ${tone ?? ''}`} role="img" aria-label={title} title={title}>
    <CallIcon name={icon} />
  </span>
);

function marksOf({ tile }: View): readonly MarkProps[] {
  const { mic, muted, deafened, quality, isMe } = tile;
  const marks: (MarkProps | false)[] = [
    muted
      ? { icon: 'micOff', title: 'Muted by who leads', tone: 'warn' }
      : !mic && { icon: 'micOff', title: 'Microphone off' },
    deafened && { icon: 'earsOff', title: 'Hears nobody' },
    !isMe && quality === 'poor' && { icon: 'weak', title: 'Comes through poorly', tone: 'warn' },
    !isMe && quality === 'fair' && { icon: 'fair', title: 'Comes through with gaps' },
  ];
  return marks.filter((mark) => mark !== false);
}
