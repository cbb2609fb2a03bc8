import type { Call } from './calls.js';
import type { ClientEvents } from './client-events.js';
import type { ConnectionState } from './connection-state.js';
import type { Listeners } from './listeners.js';
import type { Outbox } from './outbox/outbox.js';
import type { Positions } from './positions.js';
import type { Ends } from './time/ends.js';
import type { ServerTime } from './time/server-time.js';

/** What every store of the SDK stands on: calls, events, what is on its way, where we are in each conversation, and the server's time. */
export type Core = {
  readonly call: Call;
  readonly on: Listeners<ClientEvents>['on'];
  readonly outbox: Outbox;
  readonly positions: Positions;
  readonly user: () => string;
  readonly state: () => ConnectionState;
  readonly time: ServerTime;
  readonly ends: Ends;
};
