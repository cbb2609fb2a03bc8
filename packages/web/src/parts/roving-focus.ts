/**
 * Moves the focus among the elements of a list by the arrow keys, Home and End, as the ARIA authoring practices have it.
 * True when the key was one of them.
 */
export function rove(event: KeyboardEvent, selector: string): boolean {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: 1,
    ArrowUp: -1,
    Home: -Infinity,
    End: Infinity,
  };
  const step = steps[event.key];
  const list = event.currentTarget;
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || !(list instanceof HTMLElement))
    return false;
  const elements = [...list.querySelectorAll<HTMLElement>(selector)];
  const at = elements.indexOf(document.activeElement as HTMLElement);
  const next = Math.max(0, Math.min(elements.length - 1, at + step));
  event.preventDefault();
  elements[next]?.focus();
  return true;
}
