import type { Store } from '@parley/client/store';
import { useLayoutEffect, useReducer, useRef } from 'preact/hooks';

/** What a store holds now; renders again when that changes. */
export const useStore = <S>(store: Store<S>): S => useSelected(store, (snapshot) => snapshot);

/**
 * A part of what a store holds; renders again when that part is another one. `before` runs just ahead of such a render, with
 * the old one still on the page.
 */
export function useSelected<S, A>(store: Store<S>, pick: (snapshot: S) => A, before?: () => void): A {
  const [, render] = useReducer((times: number, _: undefined) => times + 1, 0);
  const picked = pick(store.snapshot());
  const shown = useRef(picked);
  shown.current = picked;
  useLayoutEffect(() => {
    const changed = (): void => {
      if (pick(store.snapshot()) === shown.current) return;
      before?.();
      render(undefined);
    };
    // It may have changed between the rendering and now.
    changed();
    return store.subscribe(changed);
  }, [store]);
  return picked;
}
