import type { SharedLimit } from '@parley/infra/limits/shared-limit';
import type { Placing } from '@parley/infra/voice/placing';
import type { Rosters } from '@parley/infra/voice/roster';
import type { GatewayCore } from '../gateway.js';
import type { Admission } from '../hub/hub.js';
import type { Person } from '../people.js';
import type { Beats } from './beats.js';
import type { BroadcastFiles } from './broadcast-files.js';
import type { HeldCalls } from './held-calls.js';
import type { IceSettings } from './ice-servers.js';
import type { Probes } from './probes.js';
import type { CandidatePolicy } from './signal-filter.js';
import type { VoiceMetrics } from './voice-metrics.js';
import type { Watchers } from './watchers.js';

/** What the functions of a gateway's part in calls work on. Made once, by voice.ts. */
export type VoiceCore = {
  readonly gateway: GatewayCore;
  /** This gateway's, among those who hold participants. */
  readonly name: string;
  readonly settings: IceSettings & { readonly PARLEY_VOICE_CANDIDATES: CandidatePolicy };
  /** What tickets are signed with; undefined: calls by a server are refused. */
  readonly key: Uint8Array | undefined;
  readonly held: HeldCalls;
  readonly rosters: Rosters;
  readonly placing: Placing;
  readonly beats: Beats;
  readonly probes: Probes;
  readonly watchers: Watchers;
  readonly broadcastFiles: BroadcastFiles;
  /** Files that a viewer makes gateways ask a node for. */
  readonly fetches: SharedLimit;
  readonly metrics: VoiceMetrics;
  /** Lets a person follow the conversation: what ends their part in a call is then heard here. */
  readonly admit: (person: Person, conversationId: string) => Promise<Admission>;
};
