import { Menu } from '../parts/menu.js';
import { lifeOf, livesWithin } from '../text/times.js';

type LifeMenuProps = {
  /** The conversation's, in seconds. */
  readonly ttl: number | null;
  /** The life chosen for this message; undefined for the conversation's. */
  readonly life: number | undefined;
  readonly onChosen: (life: number | undefined) => void;
};

/** A shorter life for the message that is being written. */
export const LifeMenu = ({ ttl, life, onChosen }: LifeMenuProps) => (
  <Menu
    label="Life of this message"
    icon="timer"
    items={[
      {
        label: ttl === null ? 'Stays' : `Like the others: ${lifeOf(ttl)}`,
        isChosen: life === undefined,
        run: () => onChosen(undefined),
      },
      ...livesWithin(ttl).map((seconds) => ({
        label: `Gone after ${lifeOf(seconds)}`,
        isChosen: life === seconds,
        run: () => onChosen(seconds),
      })),
    ]}
  />
);
