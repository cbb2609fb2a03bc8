import type { Store } from '@parley/client/store';
import type { CallSession, CallSnapshot, OngoingCallHere } from '@parley/client/voice/call-types';
import { useSelected, useStore } from '../parts/use-store.js';
import { createValue } from '../parts/value.js';
import { useSession } from '../session/session-context.js';

const NO_CALLS: Store<readonly OngoingCallHere[]> = createValue<readonly OngoingCallHere[]>([]);
const NO_SESSION: Store<CallSession | undefined> = createValue<CallSession | undefined>(undefined);
const NO_STATE: Store<CallSnapshot | undefined> = createValue<CallSnapshot | undefined>(undefined);

/** A part of the calls that go on in my conversations and that this device is not in. */
export function useOngoing<A>(pick: (calls: readonly OngoingCallHere[]) => A): A {
  const { calls } = useSession();
  return useSelected(useStore(calls.loaded)?.ongoing ?? NO_CALLS, pick);
}

/** The call that this page is in, or was in until just now. */
export function useCurrentCall(): CallSession | undefined {
  const { calls } = useSession();
  return useStore(useStore(calls.loaded)?.current ?? NO_SESSION);
}

/** A part of the state of a call, where there is one. */
export function useCallState<A>(
  session: CallSession | undefined,
  pick: (state: CallSnapshot) => A,
): A | undefined {
  const store: Store<CallSnapshot | undefined> = session?.state ?? NO_STATE;
  return useSelected(store, (state) => (state === undefined ? undefined : pick(state)));
}
