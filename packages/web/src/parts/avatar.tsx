import { useSession } from '../session/session-context.js';
import { hueOf, initialsOf } from './names.js';
import { PresenceDot } from './presence.js';

type AvatarProps = {
  readonly name: string;
  readonly size?: 'small' | 'large';
  /** People are round, rooms are not. */
  readonly isRoom?: boolean;
  /** Whose presence is shown on it. */
  readonly presenceOf?: string | undefined;
};

export function Avatar({ name, size, isRoom = false, presenceOf }: AvatarProps) {
  const { client } = useSession();
  return (
    <span class={`avatar hue-${hueOf(name)} ${size ?? ''} ${isRoom ? 'room' : ''}`}>
      <span aria-hidden="true">{initialsOf(name)}</span>
      {presenceOf !== undefined && presenceOf !== client.user && <PresenceDot user={presenceOf} />}
    </span>
  );
}
