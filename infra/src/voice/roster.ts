import { Kind } from '@parley/domain/conversation/vocabulary';
import { shape } from '@parley/domain/shape';
import { OngoingCall } from '@parley/domain/wire/calls';
import * as t from 'io-ts';
import {
  type Ask,
  type Asked,
  batch,
  perPartition,
  Refused,
  readAnswer,
  unlessRefused,
} from '../rpc/questions.js';
import { openGather } from '../runtime/gather.js';
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

/** A participant that no gateway has heard of for too long. */
export type LostParticipant = {
  readonly conversationId: string;
  readonly call: number;
  readonly participant: number;
};

export type Rosters = {
  /** Never older than the moment of asking. */
  of(conversationId: string): Promise<Asked<CallRoster>>;
  /** Has the system take them out of the call; done already, and done by another at once, is done. */
  lost(participant: LostParticipant): Promise<Asked<unknown>>;
};

/** Conversations in one request, and requests of a partition under way at once. */
const MOST_CALLS = 128;
const AT_ONCE = 2;

/**
 * What gateways and SFU nodes ask of command-api about calls, `as` whom. What is asked in one tick, or while earlier questions are under way, goes
 * together. Never rejects: refused as `Unavailable` while command-api or the log is away.
 */
export function openRosters(ask: Ask, partitions: number, as: 'gateway' | 'sfu'): Rosters {
  const rosters = perPartition(partitions, () =>
    openGather({
      ask: batch(
        ask,
        'internal.call',
        t.union([CallRoster, Refused]),
        ({ conversationId }: { readonly conversationId: string }) => ({ user: as, conversationId }),
      ),
      most: MOST_CALLS,
      atOnce: AT_ONCE,
    }),
  );
  return {
    // A thousand who enter one call at once would ask for a thousand names each.
    of: shareNext(async (conversationId) =>
      unlessRefused(await rosters(conversationId).ask({ conversationId })),
    ),
    async lost(params) {
      const caller = { user: as, device: as, scopes: [] };
      const { conversationId } = params;
      return readAnswer(
        t.UnknownRecord,
        await ask({ method: 'internal.callLost', params, caller, conversationId }),
      );
    },
  };
}
