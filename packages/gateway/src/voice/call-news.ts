import type { CallNotice } from '@parley/infra/voice/protocol';

/** What gateways say to each other on the subject of a call, beside notices to its participants. As JSON. */
export type CallNews =
  /** A connection has taken this participant's place, at `at` by the log's time: another one that has it lets go of it, and everybody's state is told to it. */
  | {
      readonly news: 'entered';
      readonly call: number;
      readonly participant: number;
      readonly at: number;
      readonly gateway: string;
    }
  /** The call is placed under this fence: whoever has a ticket of an older one is to enter again. */
  | { readonly news: 'placed'; readonly call: number; readonly fence: number; readonly why: string }
  /** Who has this participant? Answered, by anything, by the gateway that does. */
  | { readonly news: 'held'; readonly call: number; readonly participant: number };

export type CallMessage = CallNews | CallNotice;

export const isNews = (message: CallMessage): message is CallNews => 'news' in message;

/** Of two connections that have one participant: whether the other one, which says so, is the later. Total, so that exactly one of them lets go. */
export const isLater = (
  other: { readonly at: number; readonly gateway: string },
  mine: { readonly at: number; readonly gateway: string },
): boolean => other.at > mine.at || (other.at === mine.at && other.gateway > mine.gateway);
