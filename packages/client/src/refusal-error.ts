import { type RefusalTag, refusals } from '@parley/domain/conversation/refusals';

/**
 * What was asked was not done. `tag` names the row of the table of refusals, `retryable` says whether the same request
 * can succeed later without being changed, `message` is a sentence for people.
 */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  readonly tag: RefusalTag;
  readonly retryable: boolean;
  /** Conversations, people or devices it is about. */
  readonly about: readonly string[];
  /** Milliseconds after which the same request may succeed, where the server said so. */
  readonly retryAfterMs: number | undefined;

  constructor(tag: RefusalTag, message: string = refusals[tag].sentence, facts: RefusalFacts = {}) {
    super(message);
    this.tag = tag;
    this.retryable = facts.retryable ?? refusals[tag].retryable;
    this.about = facts.about ?? [];
    this.retryAfterMs = facts.retryAfterMs;
  }
}

type RefusalFacts = {
  readonly retryable?: boolean;
  readonly about?: readonly string[];
  readonly retryAfterMs?: number;
};

/** The refusal in an error object of JSON-RPC; a tag of a newer server counts as an error on its side. */
export function refusalFromWire(error: unknown): RefusalError {
  const { message, data } = record(error);
  const { tag, retryable, about, retryAfterMs } = record(data);
  const known = typeof tag === 'string' && Object.hasOwn(refusals, tag) ? (tag as RefusalTag) : undefined;
  return new RefusalError(known ?? 'InternalError', typeof message === 'string' ? message : undefined, {
    ...(typeof retryable === 'boolean' ? { retryable } : {}),
    ...(Array.isArray(about) ? { about: about.filter((each) => typeof each === 'string') } : {}),
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
  });
}

/** What was thrown, as a refusal: anything that is none counts as a fault. */
export const asRefusal = (error: unknown): RefusalError =>
  error instanceof RefusalError ? error : new RefusalError('InternalError', String(error));

/** A local refusal: nobody answers now. The same request may be tried again. */
export const unavailable = (detail: string): RefusalError =>
  new RefusalError('Unavailable', `${refusals.Unavailable.sentence} (${detail})`);

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
