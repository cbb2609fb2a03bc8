import type { CallSession, CallTile } from '@parley/client/voice/call-types';
import type { ComponentChildren, RefObject } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { Popover } from '../parts/popover.js';
import { say } from '../parts/toasts.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { act, actOnScreen } from './act.js';
import { CallIcon, type CallIconName } from './call-icon.js';
import { CallMenu } from './call-menu.js';
import { showsMessages } from './call-page.js';
import { CallPeople } from './call-people.js';
import { callSettings } from './call-settings.js';
import { HangUp } from './hang-up.js';
import { useCallState } from './use-calls.js';
import './controls.css';

type ControlsProps = {
  readonly session: CallSession;
  readonly me: CallTile | undefined;
  readonly stage: RefObject<HTMLElement | null>;
};

/** What I do in the call: one row under the stage. */
export function Controls({ session, me, stage }: ControlsProps) {
  const { client } = useSession();
  const { pushToTalk } = useStore(callSettings(client.user));
  const hasMessages = useStore(showsMessages);
  const people = useCallState(session, ({ tiles }) => tiles.length) ?? 0;
  const { mic = false, camera = false, screen = false, deafened = false, muted = false } = me ?? {};
  const canShare = navigator.mediaDevices?.getDisplayMedia !== undefined;
  return (
    <div class="controls">
      <div class="controls-side">
        <Toggle
          icon="chat"
          label={hasMessages ? 'Hide messages' : 'Show messages'}
          isLit={hasMessages}
          onClick={() => showsMessages.set(!hasMessages)}
        />
      </div>
      {pushToTalk ? (
        <TalkButton session={session} isTalking={mic} />
      ) : (
        <Toggle
          icon={mic ? 'mic' : 'micOff'}
          label={muted ? 'Muted by who leads' : mic ? 'Mute' : 'Unmute'}
          isOff={!mic}
          onClick={() =>
            muted ? say('Who leads here has muted you; they alone can undo it.') : act(session.setMic(!mic))
          }
        />
      )}
      <Toggle
        icon={camera ? 'camera' : 'cameraOff'}
        label={camera ? 'Turn camera off' : 'Turn camera on'}
        isOff={!camera}
        onClick={() => act(session.setCamera(!camera), 'video')}
      />
      {canShare && (
        <Toggle
          icon={screen ? 'screenOff' : 'screen'}
          label={screen ? 'Stop sharing' : 'Share screen'}
          isLit={screen}
          onClick={() => actOnScreen(session.setScreen(!screen))}
        />
      )}
      <Toggle
        icon={deafened ? 'earsOff' : 'ears'}
        label={deafened ? 'Hear the others' : 'Hear nobody'}
        isOff={deafened}
        onClick={() => session.setDeafened(!deafened)}
      />
      <HangUp session={session} act={act} />
      <div class="controls-side end">
        <Opener icon="people" label={`People in the call, ${people}`} count={people}>
          {() => <CallPeople session={session} />}
        </Opener>
        <Opener icon="settings" label="Devices and settings of the call">
          {(close) => <CallMenu session={session} me={me} stage={stage} onDone={close} />}
        </Opener>
      </div>
    </div>
  );
}

type ToggleProps = {
  readonly icon: CallIconName;
  readonly label: string;
  /** Something of mine that the others miss. */
  readonly isOff?: boolean;
  readonly isLit?: boolean;
  readonly onClick: () => void;
};

const Toggle = ({ icon, label, isOff = false, isLit = false, onClick }: ToggleProps) => (
  <button
    type="button"
    class={`call-control ${isOff ? 'off' : ''} ${isLit ? 'on' : ''}`}
    aria-label={label}
    title={label}
    onClick={onClick}
  >
    <CallIcon name={icon} />
  </button>
);

type TalkButtonProps = { readonly session: CallSession; readonly isTalking: boolean };

/** To be held, by finger or by space. */
const TalkButton = ({ session, isTalking }: TalkButtonProps) => (
  <button
    type="button"
    class={`call-control talk ${isTalking ? 'on' : ''}`}
    title="Hold the space bar, or this button"
    onPointerDown={(event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      session.talk(true);
    }}
    onPointerUp={() => session.talk(false)}
    onPointerCancel={() => session.talk(false)}
    onContextMenu={(event) => event.preventDefault()}
  >
    <CallIcon name={isTalking ? 'mic' : 'micOff'} />
    <span>{isTalking ? 'Talking' : 'Hold to talk'}</span>
  </button>
);

type OpenerProps = {
  readonly icon: 'people' | 'settings';
  readonly label: string;
  readonly count?: number;
  readonly children: (close: () => void) => ComponentChildren;
};

function Opener({ icon, label, count, children }: OpenerProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        ref={button}
        type="button"
        class="call-control"
        aria-label={label}
        title={label}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={icon} />
        {count !== undefined && <span class="control-count">{count}</span>}
      </button>
      {isOpen && (
        <Popover
          anchor={button.current as HTMLElement}
          label={label}
          kind="panel"
          onClose={() => setOpen(false)}
        >
          {children(() => setOpen(false))}
        </Popover>
      )}
    </>
  );
}
