import type { ClientEvents } from '../client-events.js';
import type { ConnectionState } from '../connection-state.js';
import type { Core } from '../core.js';
import { createListeners } from '../listeners.js';
import { createOutbox } from '../outbox/outbox.js';
import { createPositions } from '../positions.js';
import { createEnds } from '../time/ends.js';
import { createServerTime } from '../time/server-time.js';

/** What stores stand on, without a connection: a spec says what is answered, told, and when the line breaks. */
export function smallCore(answer: (method: string, params: Record<string, unknown>) => unknown) {
  const listeners = createListeners<ClientEvents>();
  const time = createServerTime();
  const asked: { method: string; params: Record<string, unknown> }[] = [];
  let state: ConnectionState = { tag: 'open', failures: 0 };
  const call = async (method: string, params: Record<string, unknown>): Promise<unknown> => {
    asked.push({ method, params });
    return answer(method, params);
  };
  const outbox = createOutbox({
    storage: undefined,
    isOpen: () => state.tag === 'open',
    request: (method, params) => call(method, params as Record<string, unknown>),
    maxEntries: 1_000,
    maxInFlight: 10,
    onStorageLost: () => undefined,
  });
  const core: Core = {
    call: call as never,
    on: listeners.on,
    outbox,
    positions: createPositions(),
    user: () => 'ann',
    state: () => state,
    time,
    ends: createEnds(time, () => undefined),
  };
  return {
    core,
    asked,
    tell: listeners.emit,
    become(tag: 'open' | 'waiting') {
      state = { tag, failures: 0 };
      listeners.emit('state', state);
    },
  };
}
