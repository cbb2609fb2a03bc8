import * as E from '@parley/domain/either';
import { decodeWith } from '@parley/domain/text';
import { type VoiceNotice as VoiceNoticeName, voiceNotices } from '@parley/domain/wire/voice';
import type * as t from 'io-ts';
import type { RawNotice } from '../live-notices.js';

/** What is said of a call, by its name. */
export type VoiceNotice = {
  readonly [N in VoiceNoticeName]: {
    readonly name: N;
    readonly value: t.TypeOf<(typeof voiceNotices)[N]>;
  };
}[VoiceNoticeName];

/** Undefined for notices and shapes that this version does not know. */
export function readVoiceNotice({ method, params }: RawNotice): VoiceNotice | undefined {
  if (!Object.hasOwn(voiceNotices, method)) return undefined;
  const name = method as VoiceNoticeName;
  const decoded = decodeWith(voiceNotices[name] as t.Type<unknown>, params);
  return E.isLeft(decoded) ? undefined : ({ name, value: decoded.right } as VoiceNotice);
}
