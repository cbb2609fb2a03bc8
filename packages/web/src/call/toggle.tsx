import { CallIcon, type CallIconName } from './call-icon.js';

type ToggleProps = {
  readonly icon: CallIconName;
  readonly label: string;
  /** Something of mine that the others miss. */
  readonly isOff?: boolean;
  readonly isLit?: boolean;
  readonly onClick: () => void;
};

/** Turns something of mine in the call on or off. */
export const Toggle = ({ icon, label, isOff = false, isLit = false, onClick }: ToggleProps) => (
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
