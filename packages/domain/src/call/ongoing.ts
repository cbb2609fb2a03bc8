import { LayeredMap } from '../conversation/layered-map.js';
import type { OngoingCall } from '../wire/calls.js';
import { type Call, deviceKey } from './call.js';

/** A call as it is told; those who entered first come first. */
export const ongoingOf = ({ participants, muted, ...call }: Call): OngoingCall => ({
  ...call,
  participants: [...participants.values()],
  muted: [...muted],
});

/** A call to be folded on by whoever was told of it. */
export const callOf = ({ participants, muted, ...call }: OngoingCall): Call => ({
  ...call,
  participants: LayeredMap.of(
    participants.map((participant) => [deviceKey(participant.user, participant.device), participant]),
  ),
  muted: new Set(muted),
});
