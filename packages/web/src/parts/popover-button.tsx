import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Popover } from './popover.js';

type PopoverButtonProps = {
  readonly label: string;
  readonly kind: 'menu' | 'panel';
  readonly class: string;
  /** What the button shows. */
  readonly face: ComponentChildren;
  readonly onToggle?: (isOpen: boolean) => void;
  readonly children: (close: () => void) => ComponentChildren;
};

/** A button that opens something beside it, and closes it again. */
export function PopoverButton({ label, kind, class: look, face, onToggle, children }: PopoverButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const toggle = (next: boolean): void => {
    setOpen(next);
    onToggle?.(next);
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={look}
        aria-label={label}
        title={label}
        aria-haspopup={kind === 'menu' ? 'menu' : 'dialog'}
        aria-expanded={isOpen}
        onClick={() => toggle(!isOpen)}
      >
        {face}
      </button>
      {isOpen && (
        <Popover
          anchor={button.current as HTMLElement}
          label={label}
          kind={kind}
          onClose={() => toggle(false)}
        >
          {children(() => toggle(false))}
        </Popover>
      )}
    </>
  );
}
