import type { ParleyClient } from '@parley/client/parley-client';
import type { Store } from '@parley/client/store';
import type { Calls } from '@parley/client/voice/call-types';
import { createValue } from '../parts/value.js';

/** The SDK's calls, whose code comes when it is first wanted. */
export type LazyCalls = {
  /** Undefined until it is there. */
  readonly loaded: Store<Calls | undefined>;
  load(): Promise<Calls>;
  /** Leaves the call this page is in. */
  close(): void;
};

export function lazyCalls(client: ParleyClient): LazyCalls {
  const loaded = createValue<Calls | undefined>(undefined);
  let loading: Promise<Calls> | undefined;
  let isClosed = false;
  return {
    loaded,
    load() {
      loading ??= import('@parley/client/voice/open-calls').then(
        ({ openCalls }) => {
          const calls = openCalls(client);
          if (isClosed) calls.close();
          else loaded.set(calls);
          return calls;
        },
        (error: unknown) => {
          loading = undefined;
          throw error;
        },
      );
      return loading;
    },
    close() {
      isClosed = true;
      loaded.snapshot()?.close();
    },
  };
}
