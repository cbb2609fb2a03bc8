import { type RefusalTag, refusals } from '@parley/domain/conversation/refusals';
import { utf8Length } from '@parley/domain/text';
import { RefusalError } from '../refusal-error.js';
import { MAX_FRAME_BYTES } from '../web-socket.js';

/** A command as the outbox keeps it: what is stored is this, as JSON. */
export type QueuedCommand = {
  readonly commandId: string;
  /** Its conversation, or the account: commands of one lane go in order. */
  readonly lane: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** When it was given, in ms. */
  readonly at: number;
  /** The newest seq of its conversation that was known then. */
  readonly revision?: number;
  /** Whether it stays, to be seen, retried or discarded, when it is refused for good. */
  readonly isKept: boolean;
  /** Why it was refused for good. */
  readonly refusal?: { readonly tag: RefusalTag; readonly message: string };
};

/** What was stored, or undefined for what no version of ours has stored. */
export function readCommand(value: unknown): QueuedCommand | undefined {
  const { commandId, lane, method, params, at, isKept, refusal, revision } = (value ?? {}) as Record<
    string,
    unknown
  >;
  if (typeof commandId !== 'string' || typeof lane !== 'string' || typeof method !== 'string')
    return undefined;
  if (typeof params !== 'object' || params === null || typeof at !== 'number') return undefined;
  const command = {
    commandId,
    lane,
    method,
    params: params as QueuedCommand['params'],
    at,
    isKept: isKept === true,
  };
  return {
    ...command,
    ...(typeof revision === 'number' ? { revision } : {}),
    ...(isRefusal(refusal) ? { refusal } : {}),
  };
}

export const refused = (command: QueuedCommand, { tag, message }: RefusalError): QueuedCommand => ({
  ...command,
  refusal: { tag, message },
});

export const refusalOf = ({ refusal }: QueuedCommand): RefusalError | undefined =>
  refusal === undefined ? undefined : new RefusalError(refusal.tag, refusal.message);

function isRefusal(value: unknown): value is NonNullable<QueuedCommand['refusal']> {
  const { tag, message } = (value ?? {}) as Record<string, unknown>;
  return typeof tag === 'string' && Object.hasOwn(refusals, tag) && typeof message === 'string';
}

/** Whether the same is asked for. */
export const isSame = (one: QueuedCommand, other: QueuedCommand): boolean =>
  one.method === other.method && JSON.stringify(one.params) === JSON.stringify(other.params);

/** Room for the frame around the parameters. */
const ENVELOPE_BYTES = 200;

/** Whether no frame can carry it. */
export function isTooLarge({ params }: QueuedCommand): boolean {
  const json = JSON.stringify(params);
  const room = MAX_FRAME_BYTES - ENVELOPE_BYTES;
  return json.length * 3 > room && utf8Length(json) > room;
}
