import { shape } from '@parley/domain/shape';
import * as t from 'io-ts';
import { parseJson } from '../runtime/parse-json.js';

/** How loaded a node is. Shares are of 1. */
export const NodeLoad = shape({
  /** CPU of the busiest worker, as a share of one core. */
  cpu: t.number,
  consumers: t.number,
  participants: t.number,
  calls: t.number,
  /** Bits a second in and out, together. */
  bitrate: t.number,
});
export type NodeLoad = t.TypeOf<typeof NodeLoad>;

/** What a node says of itself every second. `node` is an id of this run of it alone: a node that comes back is another one. */
export const NodeBeat = shape({
  node: t.string,
  region: t.string,
  /** Where its health, metrics and broadcasts are: `http://host:port`. */
  http: t.string,
  load: NodeLoad,
  /** `starting`: no worker yet. `draining`: takes no calls any more. */
  state: t.keyof({ starting: null, ready: null, draining: null }),
  /** Participants that it takes of one call. */
  comfortable: t.number,
});
export type NodeBeat = t.TypeOf<typeof NodeBeat>;

/** What JSON says, where it is a beat: nodes of another version, and whoever else may publish, are heard too. */
export function readBeat(json: string | Uint8Array): NodeBeat | undefined {
  const input = parseJson(json);
  return NodeBeat.is(input) ? input : undefined;
}
