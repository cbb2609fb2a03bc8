import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { say } from './toasts.js';

/** A part of the page whose code comes when it is first shown. `preload` fetches it ahead of that. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): Lazy<P> {
  let loading: Promise<ComponentType<P>> | undefined;
  let loaded: ComponentType<P> | undefined;
  const fetchOnce = (): Promise<ComponentType<P>> => {
    loading ??= load().then(
      (component) => {
        loaded = component;
        return component;
      },
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  const Lazy = (props: P): JSX.Element | null => {
    const [Part, setPart] = useState(() => loaded);
    useEffect(() => {
      if (Part === undefined)
        void fetchOnce().then(
          (component) => setPart(() => component),
          () => say('This part could not be loaded. Check the connection and try again.', 'problem'),
        );
    }, []);
    return Part === undefined ? null : <Part {...props} />;
  };
  Lazy.preload = () => void fetchOnce().catch(() => undefined);
  return Lazy;
}

type Lazy<P> = ((props: P) => JSX.Element | null) & { preload(): void };
