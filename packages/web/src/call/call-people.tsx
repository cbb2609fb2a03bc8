import type { CallSession, CallTile } from '@parley/client/voice/call-types';
import { Avatar } from '../parts/avatar.js';
import { Menu, type MenuItem } from '../parts/menu.js';
import { useStore } from '../parts/use-store.js';
import { useSession } from '../session/session-context.js';
import { act } from './act.js';
import { useActsOn } from './use-roles.js';
import { nameOf } from './views.js';

/** Everybody in the call; who leads mutes them and puts them out. */
export function CallPeople({ session }: { readonly session: CallSession }) {
  const { client } = useSession();
  const { conversationId, call, tiles } = useStore(session.state);
  const actsOn = useActsOn(conversationId);
  const actionsOn = ({ user, muted, participant }: CallTile): readonly MenuItem[] => [
    {
      label: muted ? 'Let them speak' : 'Mute for everyone',
      icon: 'horn',
      run: () => act(session.mute(user, !muted)),
    },
    {
      label: 'Put out of the call',
      icon: 'leave',
      isDangerous: true,
      run: () => act(client.call('call.leave', { conversationId, call, participant })),
    },
  ];
  return (
    <section class="call-people">
      <h3>In the call</h3>
      <ul class="people">
        {tiles.map((tile) => (
          <li key={tile.participant} class="person">
            <Avatar name={tile.user} size="small" />
            <div class="person-words">
              <strong>{nameOf(tile, tiles, client.user)}</strong>
              <span>{doing(tile)}</span>
            </div>
            {actsOn(tile.user) && (
              <Menu label={`What to do about ${tile.user}`} icon="more" items={actionsOn(tile)} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function doing({ muted, mic, camera, screen, deafened, speaking }: CallTile): string {
  const said = [
    screen && 'shares a screen',
    camera && 'camera on',
    muted ? 'muted by who leads' : mic ? speaking && 'speaks' : 'microphone off',
    deafened && 'hears nobody',
  ].filter((words) => words !== false);
  return said.length === 0 ? 'listens' : said.join(', ');
}
