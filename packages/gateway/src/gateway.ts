import type { NatsConnection } from '@nats-io/transport-node';
import type { Ask } from '@parley/infra/rpc/questions';
import type { Limiter } from '@parley/infra/runtime/limiter';
import type { Log } from '@parley/infra/runtime/log';
import type { VerifyToken } from '@parley/infra/runtime/tokens';
import type { Vault } from '@parley/infra/vault/vault';
import type { TemplatedApp } from 'uwebsockets';
import type { Arrivals } from './arrivals.js';
import type { DeviceApi } from './devices/device-api.js';
import type { Hub } from './hub/hub.js';
import type { InternalApi } from './internal-api.js';
import type { Limits } from './limits/limits.js';
import type { GatewayMetrics } from './metrics.js';
import type { People } from './people.js';
import type { Presence } from './presence/presence.js';
import type { Session } from './session/session.js';
import type { Typing } from './typing/typing.js';
import type { Voice } from './voice/voice.js';

/** What the functions of a gateway work on. Made once, by start.ts. */
export type Gateway = {
  readonly app: Pick<TemplatedApp, 'publish' | 'numSubscribers'>;
  readonly nats: NatsConnection;
  readonly partitions: number;
  /** Resolves when the broker has taken note of every interest declared so far; false where it does not answer. */
  readonly interestReached: () => Promise<boolean>;
  readonly verify: VerifyToken;
  readonly ask: Ask;
  readonly api: InternalApi;
  readonly devices: DeviceApi;
  /** Opens the bodies of live events. */
  readonly vault: Pick<Vault, 'openNow' | 'open'>;
  /** Bounds what is asked of the read model on behalf of sessions. */
  readonly limiter: Limiter;
  /** What bounds how much users and connections ask. */
  readonly limits: Limits;
  /** Who is there, and who wants to know. */
  readonly presence: Presence;
  readonly typing: Typing;
  /** Calls. */
  readonly voice: Voice;
  readonly metrics: GatewayMetrics;
  readonly log: Log;
  /** The log's time, in ms: what lives of messages are measured by. */
  readonly now: () => number;
  readonly sessions: Set<Session>;
  readonly people: People;
  /** Conversations with a member here. */
  readonly hubs: Map<string, Hub>;
  /** What arrived in this event-loop tick. */
  readonly arrivals: Arrivals;
  /** Whether the line to the broker is whole. */
  isConnected: boolean;
  stopping: boolean;
};

/** A gateway without the parts that are made of the rest of it. */
export type GatewayCore = Omit<Gateway, 'presence' | 'typing' | 'voice'>;
