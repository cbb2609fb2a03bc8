import { ConversationId } from '@parley/domain/ids';
import { InvalidArgumentError } from 'commander';

/** A conversation's id on the command line. */
export function conversationId(text: string): string {
  if (ConversationId.decode(text)._tag === 'Right') return text;
  throw new InvalidArgumentError("A conversation has 1 to 140 of letters, digits, '_', '-', '='.");
}
