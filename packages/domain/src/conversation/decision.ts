import * as E from 'fp-ts/lib/Either.js';
import type { ConversationEvent } from './events.js';
import { type Refusal, refuse } from './refusals.js';

/** What happens: one event, or nothing because it is so already. */
export type Decision = E.Either<Refusal, ConversationEvent | undefined>;

export const yes = (event: ConversationEvent): Decision => E.right(event);
export const no = (tag: Refusal['tag'], detail?: string): Decision => E.left(refuse(tag, detail));
export const unchanged: Decision = E.right(undefined);
