/** A participant as `voice:beats` names it. */
export type Beaten = {
  readonly conversationId: string;
  readonly call: number;
  readonly participant: number;
};

/** Ids hold no space. */
export const memberOf = ({ conversationId, call, participant }: Beaten): string =>
  `${conversationId} ${call} ${participant}`;

export function beatenOf(member: string): Beaten | undefined {
  const [conversationId = '', call, participant, ...rest] = member.split(' ');
  const numbers = [call, participant].map(Number);
  const isOne = conversationId !== '' && rest.length === 0 && numbers.every(Number.isSafeInteger);
  return isOne
    ? { conversationId, call: numbers[0] as number, participant: numbers[1] as number }
    : undefined;
}
