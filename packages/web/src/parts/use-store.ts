import type { Store } from '@parley/client/store';
import { useLayoutEffect, useReducer } from 'preact/hooks';

/** What a store holds now; renders again when that changes. `before` runs just ahead of such a render, with the old one still on the page. */
export function useStore<S>(store: Store<S>, before?: () => void): S {
  const [, render] = useReducer((times: number, _: undefined) => times + 1, 0);
  const snapshot = store.snapshot();
  useLayoutEffect(() => {
    const changed = (): void => {
      before?.();
      render(undefined);
    };
    // It may have changed between the rendering and now.
    if (store.snapshot() !== snapshot) changed();
    return store.subscribe(changed);
  }, [store]);
  return snapshot;
}
