import { Icon, type IconName } from './icon.js';
import { PopoverButton } from './popover-button.js';
import { rove } from './roving-focus.js';

export type MenuItem = {
  readonly label: string;
  readonly icon?: IconName;
  readonly isDangerous?: boolean;
  /** One of several of which one is chosen. */
  readonly isChosen?: boolean;
  readonly run: () => void;
};

type MenuProps = {
  readonly label: string;
  readonly icon: IconName;
  readonly items: readonly MenuItem[];
  readonly onToggle?: (isOpen: boolean) => void;
};

/** A button that opens a list of things to do. */
export const Menu = ({ label, icon, items, onToggle }: MenuProps) => (
  <PopoverButton
    label={label}
    kind="menu"
    class="icon-button"
    face={<Icon name={icon} />}
    {...(onToggle === undefined ? {} : { onToggle })}
  >
    {(close) => <MenuItems items={items} onDone={close} />}
  </PopoverButton>
);

function MenuItems({ items, onDone }: { readonly items: readonly MenuItem[]; readonly onDone: () => void }) {
  return (
    <div class="menu-items" role="menu" tabIndex={-1} onKeyDown={(event) => rove(event, 'button')}>
      {items.map(({ label, icon, isDangerous, isChosen, run }, index) => (
        <button
          // Not by its words: they may change while it is open, and the focus must stay where it is.
          key={index}
          type="button"
          // A popover that is shown gives the focus to it in the same step, whatever the page is busy with.
          autofocus={index === 0}
          role={isChosen === undefined ? 'menuitem' : 'menuitemradio'}
          {...(isChosen === undefined ? {} : { 'aria-checked': isChosen })}
          class={isDangerous ? 'dangerous' : ''}
          onClick={() => {
            onDone();
            run();
          }}
        >
          {icon !== undefined && <Icon name={icon} />}
          {isChosen !== undefined && <span class="chosen-mark">{isChosen && <Icon name="check" />}</span>}
          {label}
        </button>
      ))}
    </div>
  );
}
