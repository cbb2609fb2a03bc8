import * as E from '@parley/domain/either';
import { decodeWith } from '@parley/domain/text';
import {
  type VoiceMethod,
  type VoiceParams,
  type VoiceResult,
  voiceMethods,
} from '@parley/domain/wire/voice';
import type * as t from 'io-ts';
import type { ParleyClient } from '../parley-client.js';

/** Asks for something of a call's media, once, and reads the answer. @throws RefusalError */
export type AskVoice = <M extends VoiceMethod>(method: M, params: VoiceParams<M>) => Promise<VoiceResult<M>>;

/** The methods of voice by their codecs. What is asked was made by a browser: the gateway judges it. */
export function createAskVoice(ask: ParleyClient['ask']): AskVoice {
  return async (method, params) => {
    const decoded = decodeWith(voiceMethods[method].result as t.Type<unknown>, await ask(method, params));
    if (E.isLeft(decoded)) throw new Error(`${method}: the server's answer does not fit: ${decoded.left}`);
    return decoded.right as VoiceResult<typeof method>;
  };
}
