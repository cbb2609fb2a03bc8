import { type Call, participantOf } from '@parley/domain/call/call';
import type { ParticipantState, TrackSource } from '@parley/domain/wire/voice';

/** Who is in a call, as far as it is known here, and what they say of themselves. */
export type CallRoster = {
  /** As it was last: of one that has ended, what it was. */
  readonly call: Call;
  readonly states: ReadonlyMap<number, ParticipantState>;
  /** It has changed. What those who have gone said of themselves is forgotten. */
  becomes(call: Call): void;
  /** Whether that is the first they say of themselves. */
  says(participant: number, state: ParticipantState): boolean;
  /** What they say of themselves may have changed unheard. */
  forget(): void;
  others(me: number): readonly number[];
  /** Whether they say that they send this; whoever is there sends a voice. */
  sends(participant: number, source: TrackSource): boolean;
  /** A moderator has muted them. */
  isMuted(participant: number): boolean;
};

export function createCallRoster(first: Call): CallRoster {
  const states = new Map<number, ParticipantState>();
  let call = first;
  return {
    get call() {
      return call;
    },
    states,
    becomes(next) {
      call = next;
      const there = new Set([...call.participants.values()].map(({ participant }) => participant));
      for (const other of states.keys()) if (!there.has(other)) states.delete(other);
    },
    says(participant, state) {
      const isFirst = !states.has(participant);
      states.set(participant, state);
      return isFirst;
    },
    forget: () => states.clear(),
    others: (me) =>
      [...call.participants.values()].flatMap(({ participant }) => (participant === me ? [] : [participant])),
    sends(participant, source) {
      if (source === 'mic') return true;
      const said = states.get(participant);
      return (source === 'camera' ? said?.camera : said?.screen) ?? false;
    },
    isMuted(participant) {
      if (call.muted.size === 0) return false;
      const user = participantOf(call, participant)?.user;
      return user !== undefined && call.muted.has(user);
    },
  };
}
