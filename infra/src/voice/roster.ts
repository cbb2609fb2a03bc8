import { Kind } from '@parley/domain/conversation/vocabulary';
import { shape } from '@parley/domain/shape';
import { OngoingCall } from '@parley/domain/wire/calls';
import * as t from 'io-ts';
import { type Ask, type Asked, aboutConversations, readAnswer } from '../rpc/questions.js';
import { shareNext } from '../runtime/share-next.js';

/**
 * Who is in the call of a conversation, by the folded log; `revision` is the newest event that it knows. No `call`: nobody talks. `leads` are those among
 * its participants who are owner or admin. No `kind`: there is no such conversation any more.
 */
export const CallRoster = shape(
  { revision: t.number, leads: t.readonlyArray(t.string) },
  { kind: Kind, call: OngoingCall },
);
export type CallRoster = t.TypeOf<typeof CallRoster>;

/** The users who may send media in the call: in a channel those who lead it. Undefined: everybody. */
export const speakersOf = ({
  kind,
  leads,
}: Pick<CallRoster, 'kind' | 'leads'>): readonly string[] | undefined =>
  kind === 'channel' ? leads : undefined;

/** A participant, named among those of all calls. */
export const InCall = shape({ conversationId: t.string, call: t.number, participant: t.number });
export type InCall = t.TypeOf<typeof InCall>;

const InCallPage = shape({ participants: t.readonlyArray(InCall), hasMore: t.boolean });
export type InCallPage = t.TypeOf<typeof InCallPage>;

export type Rosters = {
  /** Never older than the moment of asking. */
  of(conversationId: string): Promise<Asked<CallRoster>>;
  /** Has the system take them out of the call; done already, and done by another at once, is done. */
  lost(participant: InCall): Promise<Asked<unknown>>;
  /** Everybody who is in a call, page by page after one of them, as far as the rows have come; refused while these cannot be read. */
  everybody(after: InCall | undefined): Promise<Asked<InCallPage>>;
};

/** Conversations in one request, and requests of a partition under way at once. */
const MOST_CALLS = 128;
const AT_ONCE = 2;

/**
 * What gateways and SFU nodes ask of command-api about calls, `as` whom. What is asked in one tick, or while earlier questions are under way, goes
 * together. Never rejects: refused as `Unavailable` while command-api or the log is away.
 */
export function openRosters(ask: Ask, partitions: number, as: 'gateway' | 'sfu'): Rosters {
  const roster = aboutConversations({
    ask,
    partitions,
    method: 'internal.call',
    answer: CallRoster,
    as: () => as,
    most: MOST_CALLS,
    atOnce: AT_ONCE,
  });
  const caller = { user: as, device: as, scopes: [] };
  return {
    // A thousand who enter one call at once would ask for a thousand names each.
    of: shareNext((conversationId) => roster({ conversationId })),
    async lost(params) {
      const { conversationId } = params;
      return readAnswer(
        t.UnknownRecord,
        await ask({ method: 'internal.callLost', params, caller, conversationId }),
      );
    },
    async everybody(after) {
      const params = after === undefined ? {} : { after };
      return readAnswer(InCallPage, await ask({ method: 'internal.inCalls', params, caller }));
    },
  };
}
