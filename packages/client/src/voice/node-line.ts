import type { NodeMethod, VoiceParams, VoiceResult } from '@parley/domain/wire/voice';
import { RefusalError } from '../refusal-error.js';
import type { AskVoice } from './ask-voice.js';

/** Asks the node of one placement. @throws RefusalError */
export type AskNode = <M extends NodeMethod>(
  method: M,
  params: Omit<VoiceParams<M>, 'conversationId' | 'call' | 'ticket'>,
) => Promise<VoiceResult<M>>;

export type NodeLineOptions = {
  readonly ask: AskVoice;
  readonly conversationId: string;
  readonly call: number;
  /** The newest ticket of this placement; `fresh`: the one before it is over. Rejects when the call is elsewhere by now. */
  readonly ticket: (fresh: boolean) => Promise<string>;
  /** The node says that it has the call no more. */
  readonly onStale: () => void;
};

/** Requests with the ticket that they need: once more with a fresh one, where the one they had is over. */
export function createNodeLine({ ask, conversationId, call, ticket, onStale }: NodeLineOptions): AskNode {
  return async (method, params) => {
    const once = async (fresh: boolean) =>
      ask(method, { ...params, conversationId, call, ticket: await ticket(fresh) } as never);
    try {
      return (await once(false).catch((error) => {
        if (error instanceof RefusalError && error.tag === 'TicketInvalid') return once(true);
        throw error;
      })) as VoiceResult<typeof method>;
    } catch (error) {
      if (error instanceof RefusalError && error.tag === 'PlacementStale') onStale();
      throw error;
    }
  };
}

/** Whether nobody was asked, because the line is cut, or just back and this participant has not entered by it yet: no fault of who was to be asked, and it may be asked again. */
export const isCut = (error: unknown): boolean =>
  error instanceof RefusalError && (error.tag === 'Unavailable' || error.tag === 'NotInCall');
