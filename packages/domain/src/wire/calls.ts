import * as t from 'io-ts';
import { Broadcast, CallMedia, Participant, Topology, WhyLeft } from '../call/call.js';
import { ConversationId, Seq } from '../ids.js';
import { shape } from '../shape.js';
import { boundedInteger } from '../text.js';

/** Calls on one page. */
const MAX_CALLS = 100;

/** People named in one call of a page; `people` counts them all. */
export const MAX_CALL_PEOPLE = 50;

/** Stays of them: whoever comes and goes all the time is not told each time. */
export const MAX_CALL_STAYS = 200;

/** The call that goes on in a conversation, folded from the log; none: nobody talks. */
export const CallQuery = shape({ conversationId: ConversationId });

/** Calls of a conversation, newest first, those whose seqs lie between `after` and `before`, neither included. */
export const CallListQuery = shape(
  { conversationId: ConversationId },
  {
    before: Seq,
    after: boundedInteger('after', 0, Number.MAX_SAFE_INTEGER),
    limit: boundedInteger('limit', 1, MAX_CALLS),
  },
);

/** A call that goes on, those who entered first first. `muted` are users whom a moderator has muted. Times are ms since 1970 UTC. */
export const OngoingCall = shape({
  call: t.number,
  media: CallMedia,
  by: t.string,
  at: t.number,
  p2pMax: t.number,
  topology: Topology,
  participants: t.readonlyArray(Participant),
  muted: t.readonlyArray(t.string),
  broadcast: Broadcast,
});
export type OngoingCall = t.TypeOf<typeof OngoingCall>;

/** `revision` is the seq of the newest event the answer has seen: whoever follows events folds those after it. */
export const CallNow = shape({ revision: t.number }, { call: OngoingCall });
export type CallNow = t.TypeOf<typeof CallNow>;

/**
 * A call as its conversation remembers it. `endedAt` is left out while it goes on. `joined` says whether I was in it: one that I was not in, and that
 * ended, I missed. `people` counts the users who were in it; `participants` has stays of the first of them, each person's together, in the order in which they
 * came. `why` is left out while they are in it, where the call ended, and where the device came again. Erased people were in none.
 */
export const CallView = shape(
  {
    call: t.number,
    media: CallMedia,
    by: t.string,
    at: t.number,
    joined: t.boolean,
    people: t.number,
    participants: t.readonlyArray(
      shape({ user: t.string, device: t.string, joinedAt: t.number }, { leftAt: t.number, why: WhyLeft }),
    ),
  },
  { endedAt: t.number },
);
export type CallView = t.TypeOf<typeof CallView>;

export const CallPage = shape({ calls: t.readonlyArray(CallView), hasMore: t.boolean, revision: t.number });
export type CallPage = t.TypeOf<typeof CallPage>;
