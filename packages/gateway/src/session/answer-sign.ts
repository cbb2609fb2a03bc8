import type { Refusal } from '@parley/domain/conversation/refusals';
import type * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from '../gateway.js';
import type { Session } from './session.js';

/** Signs of life: what a gateway answers by itself, and nothing of which is kept. */
const signs = ['typing.set', 'presence.set', 'presence.watch'] as const;
export type Sign = (typeof signs)[number];

export const isSign = (method: string): method is Sign => signs.includes(method as Sign);

export function answerSign(
  { presence, typing }: Gateway,
  session: Session,
  method: Sign,
  params: unknown,
  answer: (answer: E.Either<Refusal, unknown>) => void,
): void {
  switch (method) {
    case 'typing.set':
      return answer(typing.set(session, params));
    case 'presence.set':
      return answer(presence.set(session, params));
    case 'presence.watch':
      session.inFlight++;
      return presence.watch(session, params, (reply) => {
        session.inFlight--;
        answer(reply);
      });
    default:
      return method satisfies never;
  }
}
