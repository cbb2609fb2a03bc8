import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { shape } from '@parley/domain/shape';
import { decodeWith } from '@parley/domain/text';
import { openGather } from '@parley/infra/runtime/gather';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Ask } from '../ask.js';

export type DeviceApi = {
  /** Whether a user's device is revoked, never older than the moment of asking. */
  isRevoked(user: string, device: string): Promise<E.Either<Refusal, boolean>>;
};

type Question = { readonly user: string; readonly device: string };

/** Devices of one question, and questions under way at once. */
const MOST_DEVICES = 500;
const AT_ONCE = 4;

const Answers = shape({ answers: t.readonlyArray(t.boolean) });

/** Asks command-api about devices; what is asked in one tick, or while earlier questions are under way, goes together. */
export function openDeviceApi(ask: Ask): DeviceApi {
  const gather = openGather<Question, E.Either<Refusal, boolean>>({
    ask: async (questions) => {
      const [{ user }] = questions as readonly [Question, ...Question[]];
      const caller = { user, device: 'gateway', scopes: [] };
      const reply = await ask({ method: 'internal.revoked', params: { questions }, caller });
      if (reply.tag === 'refusal') return questions.map(() => E.left(reply.refusal));
      const read = decodeWith(Answers, parseJson(reply.json));
      return questions.map((_, index) => {
        const answer = E.isRight(read) ? read.right.answers[index] : undefined;
        return answer === undefined
          ? E.left(refuse('InternalError', 'no answer about a device'))
          : E.right(answer);
      });
    },
    most: MOST_DEVICES,
    atOnce: AT_ONCE,
  });
  return { isRevoked: (user, device) => gather.ask({ user, device }) };
}
