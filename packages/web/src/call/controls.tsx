import type { CallSession, CallTile } from '@parley/client/voice/call-types';
import type { RefObject } from 'preact';
import { Icon } from '../parts/icon.js';
import { PopoverButton } from '../parts/popover-button.js';
import { useStore } from '../parts/use-store.js';
import { act, actOnScreen } from './act.js';
import { CallMenu } from './call-menu.js';
import { showsMessages } from './call-page.js';
import { CallPeople } from './call-people.js';
import { HangUp } from './hang-up.js';
import { MicControl } from './mic-control.js';
import { Toggle } from './toggle.js';
import { useCallState } from './use-calls.js';
import { useStanding } from './use-roles.js';
import './controls.css';

type ControlsProps = {
  readonly session: CallSession;
  readonly me: CallTile | undefined;
  readonly stage: RefObject<HTMLElement | null>;
};

/** What I do in the call: one row under the stage. */
export function Controls({ session, me, stage }: ControlsProps) {
  const hasMessages = useStore(showsMessages);
  const people = useCallState(session, ({ tiles }) => tiles.length) ?? 0;
  const deafened = me?.deafened === true;
  const { speaks } = useStanding(useCallState(session, ({ conversationId }) => conversationId));
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
      {speaks ? (
        <OwnMedia session={session} me={me} />
      ) : (
        <p class="controls-note">You listen: those who lead this channel speak.</p>
      )}
      <Toggle
        icon={deafened ? 'earsOff' : 'ears'}
        label={deafened ? 'Hear the others' : 'Hear nobody'}
        isOff={deafened}
        onClick={() => session.setDeafened(!deafened)}
      />
      <HangUp session={session} />
      <div class="controls-side end">
        <PopoverButton
          label={`People in the call, ${people}`}
          kind="panel"
          class="call-control"
          face={
            <>
              <Icon name="people" />
              <span class="control-count">{people}</span>
            </>
          }
        >
          {() => <CallPeople session={session} />}
        </PopoverButton>
        <PopoverButton
          label="Devices and settings of the call"
          kind="panel"
          class="call-control"
          face={<Icon name="settings" />}
        >
          {(close) => <CallMenu session={session} me={me} stage={stage} onDone={close} />}
        </PopoverButton>
      </div>
    </div>
  );
}

/** Of mine that the others hear and see. */
function OwnMedia({ session, me }: Omit<ControlsProps, 'stage'>) {
  const { camera = false, screen = false } = me ?? {};
  const canShare = navigator.mediaDevices?.getDisplayMedia !== undefined;
  return (
    <>
      <MicControl session={session} me={me} />
      <Toggle
        icon={camera ? 'camera' : 'cameraOff'}
        label={camera ? 'Turn camera off' : 'Turn camera on'}
        isOff={!camera}
        onClick={() => act(session.setCamera(!camera), 'camera')}
      />
      {canShare && (
        <Toggle
          icon={screen ? 'screenOff' : 'screen'}
          label={screen ? 'Stop sharing' : 'Share screen'}
          isLit={screen}
          onClick={() => actOnScreen(session.setScreen(!screen))}
        />
      )}
    </>
  );
}
