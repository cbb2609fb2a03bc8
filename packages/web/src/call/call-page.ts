import type { CallMedia } from '@parley/domain/call/call';
import { createValue } from '../parts/value.js';

/** A call that somebody wants to be in: a new one, unless it has a number. */
export type WantedCall = {
  readonly conversationId: string;
  readonly media: CallMedia;
  readonly call?: number;
};

/** Why they are not. */
export type CallTrouble = { readonly wanted: WantedCall; readonly error: unknown };

/** The call that is being entered: the browser may be asking for the microphone, for as long as it likes. */
export type Entering = WantedCall & { readonly giveUp: () => void };

export const entering = createValue<Entering | undefined>(undefined);

export const trouble = createValue<CallTrouble | undefined>(undefined);

/** Whether messages are shown beside the stage, or where it is narrow instead of it. */
export const showsMessages = createValue(false);

/** The view that was put on the stage by hand: see `keyOf` of views.ts. */
export const pinnedView = createValue<string | undefined>(undefined);

/** Whether the browser refused to play sound before somebody touches the page. */
export const soundBlocked = createValue(false);

/** The broadcast that is watched here. */
export const watched = createValue<Required<Omit<WantedCall, 'media'>> | undefined>(undefined);
