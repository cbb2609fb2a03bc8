import { Avatar } from '../parts/avatar.js';
import { Dialog } from '../parts/dialog.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { type Theme, theme } from '../session/theme.js';
import { CallChoices } from './call-choices.js';
import { Devices } from './devices.js';
import './settings.css';

const themes: readonly (readonly [theme: Theme, label: string])[] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

/** Who I am here, how the page looks, how calls come, and my devices. */
export function Settings({ onClose }: { readonly onClose: () => void }) {
  const { client, signOut } = useSession();
  const chosen = useStore(theme);
  const unsent = useStore(client.unsent);
  return (
    <Dialog title="Settings" onClose={onClose}>
      <div class="settings-me">
        <Avatar name={client.user} size="large" />
        <div>
          <h3>{client.user}</h3>
          <p class="hint">on the device {client.device}</p>
        </div>
      </div>
      <fieldset class="lives">
        <legend>Colours</legend>
        <div class="segments">
          {themes.map(([each, label]) => (
            <label key={each} class={each === chosen ? 'chosen' : ''}>
              <input type="radio" name="theme" checked={each === chosen} onChange={() => theme.set(each)} />
              {label}
            </label>
          ))}
        </div>
      </fieldset>
      <CallChoices />
      <Devices />
      <footer class="dialog-foot">
        {unsent > 0 && <p class="hint problem">{unsent} unsent would be lost.</p>}
        <button type="button" class="button dangerous" onClick={signOut}>
          Sign out and forget everything here
        </button>
      </footer>
    </Dialog>
  );
}
