/** Share of packets lost on the way to a participant at which video is in the way of voices. */
const BAD_LOSS = 0.1;

/** Share below which the way is good again: lower, because without video less is lost. */
const GOOD_LOSS = 0.03;

/** For how long it must be bad until video stops, and good until it comes back, in ms. */
export const BAD_MS = 3_000;
export const GOOD_MS = 10_000;

/**
 * How what is sent to a participant arrives. `bad` since: nothing has changed yet; `audioOnly`: voices alone are sent; `better` since: as before, but
 * little is lost any more.
 */
export type LinkState =
  | { readonly tag: 'good' }
  | { readonly tag: 'bad'; readonly since: number }
  | { readonly tag: 'audioOnly' }
  | { readonly tag: 'better'; readonly since: number };

export const goodLink: LinkState = { tag: 'good' };

export const isAudioOnly = ({ tag }: LinkState): boolean => tag === 'audioOnly' || tag === 'better';

/** After one more look at it: `loss` is the share lost, of 1; `now` in ms. Pure. */
export function stepLink(state: LinkState, loss: number, now: number): LinkState {
  switch (state.tag) {
    case 'good':
      return loss >= BAD_LOSS ? { tag: 'bad', since: now } : state;
    case 'bad':
      if (loss < BAD_LOSS) return goodLink;
      return now - state.since >= BAD_MS ? { tag: 'audioOnly' } : state;
    case 'audioOnly':
      return loss <= GOOD_LOSS ? { tag: 'better', since: now } : state;
    case 'better':
      if (loss > GOOD_LOSS) return { tag: 'audioOnly' };
      return now - state.since >= GOOD_MS ? goodLink : state;
    default:
      return state satisfies never;
  }
}
