import type { ParticipantState } from '@parley/domain/wire/voice';
import { createWishes } from './wishes.js';

/** What I have turned on; `talks`: I hold the button of push to talk. */
type Own = ParticipantState & { readonly pushToTalk: boolean; readonly talks: boolean };

export type OwnState = {
  change(changes: Partial<Own>): void;
  /** Whether what I say is to be heard. */
  isHeard(): boolean;
  /** What of mine is on. */
  now(): ParticipantState;
  /** Tells the others what of mine is on, as this participant, if that has changed, until it is told; `isAgain`: in any case. */
  tell(participant: number, isAgain?: boolean): void;
  close(): void;
};

export type OwnStateOptions = {
  readonly mic: boolean;
  readonly pushToTalk: boolean;
  /** By a moderator. */
  readonly isMuted: () => boolean;
  readonly tell: (state: ParticipantState) => Promise<unknown>;
};

export function createOwnState({ mic, pushToTalk, isMuted, tell }: OwnStateOptions): OwnState {
  let own: Own = { mic, pushToTalk, talks: false, camera: false, screen: false, deafened: false };
  /** As whom it is told. */
  let teller: string | undefined;
  const wishes = createWishes<ParticipantState | undefined>({
    ask: async (_, state) => state && tell(state),
    isSame: (one, other) => JSON.stringify(one) === JSON.stringify(other),
    onRefused() {
      teller = undefined;
    },
  });

  const isHeard = (): boolean => own.mic && (!own.pushToTalk || own.talks) && !isMuted();

  const now = (): ParticipantState => {
    const { camera, screen, deafened } = own;
    return { mic: isHeard(), camera, screen, deafened };
  };

  return {
    change(changes) {
      own = { ...own, ...changes };
    },
    isHeard,
    now,
    tell(participant, isAgain = false) {
      const id = String(participant);
      if (isAgain || id !== teller) {
        if (teller !== undefined) wishes.end(teller);
        wishes.begin(id, undefined);
        teller = id;
      }
      wishes.wish(id, now());
    },
    close: wishes.close,
  };
}
