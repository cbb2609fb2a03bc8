import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

type PopoverProps = {
  /** What it belongs to: it opens beside it. */
  readonly anchor: HTMLElement;
  readonly label: string;
  /** A menu says itself what it is. */
  readonly kind: 'menu' | 'panel';
  readonly onClose: () => void;
  readonly children: ComponentChildren;
};

const GAP = 6;
const EDGE = 8;

/** A light-dismissed panel in the top layer, placed where there is room. */
export function Popover({ anchor, label, kind, onClose, children }: PopoverProps) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const panel = element.current as HTMLDivElement;
    panel.showPopover();
    const place = (): void => {
      const from = anchor.getBoundingClientRect();
      const { offsetWidth: width, offsetHeight: height } = panel;
      const isBelow = from.bottom + GAP + height + EDGE <= innerHeight || from.top < height + GAP + EDGE;
      const top = isBelow ? from.bottom + GAP : from.top - GAP - height;
      const left = from.left + width + EDGE <= innerWidth ? from.left : from.right - width;
      panel.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px`;
      panel.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
    };
    place();
    const observer = new ResizeObserver(place);
    observer.observe(panel);
    return () => observer.disconnect();
  }, [anchor]);
  useEffect(
    () => () => {
      if (anchor.isConnected && (document.activeElement === document.body || document.activeElement === null))
        anchor.focus();
    },
    [anchor],
  );
  return (
    <div
      ref={element}
      class={`popover ${kind}`}
      popover="auto"
      role="dialog"
      aria-label={label}
      onToggle={(event) => {
        if (event.newState === 'closed') onClose();
      }}
    >
      {children}
    </div>
  );
}
