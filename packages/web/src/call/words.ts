import { RefusalError } from '@parley/client/refusal-error';
import type { CallMedia } from '@parley/domain/call/call';
import { type RefusalTag, refusals } from '@parley/domain/conversation/refusals';

/** Something of this computer that is turned on in a call. */
export type Device = 'microphone' | 'camera' | 'screen';

/** What is said to a person, and whether it helps to come again. */
export type Words = {
  readonly title: string;
  readonly text: string;
  readonly mayRetry: boolean;
  /** Whether one may be in the call without what could not be had. */
  readonly mayListen?: boolean;
};

/** Why a call is over here; undefined where I left myself, which needs no word. */
export function wordsOfEnd(why: string | undefined): Words | undefined {
  switch (why) {
    case 'left':
    case undefined:
      return undefined;
    case 'ended':
      return { title: 'The call has ended', text: 'It was ended for everyone.', mayRetry: false };
    case 'removed':
      return {
        title: 'You were put out of the call',
        text: 'Somebody who leads here took you out of it, or out of the conversation.',
        mayRetry: true,
      };
    case 'replaced':
    case 'elsewhere':
      return {
        title: 'The call goes on in another window',
        text: 'You joined it again with this device, so this window let go of it.',
        mayRetry: true,
      };
    case 'lost':
      return {
        title: 'The connection was lost',
        text: 'Nothing was heard of this device for too long, so the others went on without it.',
        mayRetry: true,
      };
    case 'CallFull':
      return wordsOfError(new RefusalError('CallFull'), 'voice');
    default:
      return { title: 'The call is over here', text: sentenceOf(why), mayRetry: true };
  }
}

/** Why there is no way for media, where one is sought on and on; undefined for what needs no more words than that it is. */
export const wordsOfRefusal = (refusal: RefusalTag | undefined): string | undefined =>
  refusal === 'VoiceUnavailable'
    ? 'No server can carry this call now. It begins by itself as soon as one can.'
    : undefined;

const sentenceOf = (why: string): string =>
  Object.hasOwn(refusals, why) ? refusals[why as RefusalTag].sentence : why;

/** Why a call could not be entered, or a device not turned on in it. */
export function wordsOfError(error: unknown, wanted: CallMedia | Device): Words {
  const [devices, either] = devicesOf(wanted);
  if (error instanceof RefusalError) {
    if (error.tag === 'CallFull')
      return {
        title: 'The call is full',
        text: 'It has as many people as it may have. Watch its broadcast where there is one, or come back later.',
        mayRetry: true,
      };
    return { title: 'The call could not be joined', text: error.message, mayRetry: error.retryable };
  }
  if (wanted === 'screen')
    return {
      title: 'The screen cannot be shared',
      text: 'The system does not show it to the browser. Allow the browser to record the screen in the settings of the system, then try again.',
      mayRetry: true,
    };
  switch (nameOfError(error)) {
    case 'NotAllowedError':
    case 'SecurityError':
      return {
        title: `The ${devices} may not be used`,
        text: `The browser does not let this page use your ${devices}. Allow it in the site settings beside the address, then try again.`,
        mayRetry: true,
        mayListen: true,
      };
    case 'NotFoundError':
    case 'OverconstrainedError':
      return {
        title: `No ${either} found`,
        text: `This device has no ${either} that the browser knows of. Plug one in, then try again.`,
        mayRetry: true,
        mayListen: true,
      };
    case 'NotReadableError':
    case 'AbortError':
      return {
        title: `The ${either} cannot be opened`,
        text: 'Another program seems to use it. Close that one, then try again.',
        mayRetry: true,
        mayListen: true,
      };
    default:
      return {
        title:
          wanted === 'voice' || wanted === 'video' ? 'The call could not be joined' : 'That was not done',
        text: globalThis.isSecureContext
          ? 'Something failed here. Check the connection and try again.'
          : 'Browsers give microphones only to pages with a secure address: https, or this computer’s own.',
        mayRetry: true,
      };
  }
}

/** What is wanted, and what of it may be lacking: browsers do not say which of two. */
function devicesOf(wanted: CallMedia | Device): readonly [all: string, either: string] {
  if (wanted === 'video') return ['microphone and camera', 'microphone or camera'];
  const device = wanted === 'voice' ? 'microphone' : wanted;
  return [device, device];
}

const nameOfError = (error: unknown): string => (error instanceof Error ? error.name : '');
