import type { InCall } from '@parley/infra/voice/roster';

/** A participant as `voice:beats` names it. Ids hold no space. */
export const memberOf = ({ conversationId, call, participant }: InCall): string =>
  `${conversationId} ${call} ${participant}`;

export function beatenOf(member: string): InCall | undefined {
  const [conversationId = '', call, participant, ...rest] = member.split(' ');
  const numbers = [call, participant].map(Number);
  const isOne = conversationId !== '' && rest.length === 0 && numbers.every(Number.isSafeInteger);
  return isOne
    ? { conversationId, call: numbers[0] as number, participant: numbers[1] as number }
    : undefined;
}
