import { useState } from 'preact/hooks';
import { callSettings, changeSettings } from '../call/call-settings.js';
import { changePushToTalk } from '../call/push-to-talk.js';
import { useCurrentCall } from '../call/use-calls.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';

/** How calls make themselves known, and how one talks in them. */
export function CallChoices() {
  const { client } = useSession();
  const session = useCurrentCall();
  const { rings, pushToTalk } = useStore(callSettings(client.user));
  return (
    <fieldset>
      <legend>Calls</legend>
      <label class="check">
        <input
          type="checkbox"
          checked={rings}
          onChange={({ currentTarget: { checked } }) => changeSettings(client.user, { rings: checked })}
        />
        Ring aloud
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={pushToTalk}
          onChange={({ currentTarget: { checked } }) => changePushToTalk(client.user, session, checked)}
        />
        Push to talk: hold the space bar
      </label>
      <Notices />
    </fieldset>
  );
}

/** Calls are told by the system too while the page is hidden, where the person lets it. */
function Notices() {
  const [permission, setPermission] = useState(
    'Notification' in globalThis ? Notification.permission : undefined,
  );
  if (permission === undefined) return null;
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={permission === 'granted'}
        disabled={permission !== 'default'}
        onChange={() => void Notification.requestPermission().then(setPermission)}
      />
      <span>
        Notify while this page is hidden
        {permission === 'denied' && (
          <span class="hint">
            {' '}
            The browser forbids it; change that in the site settings beside the address.
          </span>
        )}
      </span>
    </label>
  );
}
