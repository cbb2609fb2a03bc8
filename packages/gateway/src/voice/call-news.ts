import { accepts } from '@parley/domain/codec';
import { shape, variants } from '@parley/domain/shape';
import { type VoiceNotice, voiceNotices } from '@parley/domain/wire/voice';
import { parseJson } from '@parley/infra/runtime/parse-json';
import type { CallNotice } from '@parley/infra/voice/protocol';
import * as t from 'io-ts';

/** What gateways say to each other on the subject of a call, beside notices to its participants. As JSON. */
const CallNews = variants(
  'news',
  {
    /** A connection has taken this participant's place, at `at` by the log's time: another one that has it lets go of it, and everybody's state is told to it. */
    entered: shape({
      news: t.literal('entered'),
      call: t.number,
      participant: t.number,
      at: t.number,
      gateway: t.string,
    }),
    /** The call is placed under this fence: whoever has a ticket of an older one is to enter again. */
    placed: shape({ news: t.literal('placed'), call: t.number, fence: t.number, why: t.string }),
    /** Who has this participant? Answered, by anything, by the gateway that does. */
    held: shape({ news: t.literal('held'), call: t.number, participant: t.number }),
  },
  'news of a call',
);
export type CallNews = t.TypeOf<typeof CallNews>;

export type CallMessage = CallNews | CallNotice;

export const isNews = (message: CallMessage): message is CallNews => 'news' in message;

/** As far as a gateway looks into it: what a notice says besides is for its participants. */
const Notice = shape(
  {
    to: t.union([t.number, t.literal('all')]),
    name: t.keyof(voiceNotices as Record<VoiceNotice, unknown>),
    value: shape({ call: t.number }),
  },
  { except: t.number },
);

const [isCallNews, isNotice] = [accepts(CallNews), accepts(Notice)];

/** What JSON says, where it is a message about a call; undefined: it cannot be read, or is of a version that knows more. */
export function readCallMessage(json: Uint8Array): CallMessage | undefined {
  const input = parseJson(json);
  return isCallNews(input) || isNotice(input) ? (input as CallMessage) : undefined;
}

/** Of two connections that have one participant: whether the other one, which says so, is the later. Total, so that exactly one of them lets go. */
export const isLater = (
  other: { readonly at: number; readonly gateway: string },
  mine: { readonly at: number; readonly gateway: string },
): boolean => other.at > mine.at || (other.at === mine.at && other.gateway > mine.gateway);
