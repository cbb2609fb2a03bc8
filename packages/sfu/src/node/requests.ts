import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { shape, variants } from '@parley/domain/shape';
import { boundedArray, boundedInteger } from '@parley/domain/text';
import { type NodeMethod, nodeMethods } from '@parley/domain/wire/voice';
import { parseJson } from '@parley/infra/runtime/parse-json';
import type { NodeReply, NodeRequest } from '@parley/infra/voice/protocol';
import type { NodeQuestion } from '@parley/infra/voice/questions';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';

/** What came for a node: on behalf of a participant, or for its own sake. */
export type Incoming =
  | { readonly tag: 'participant'; readonly request: NodeRequest }
  | { readonly tag: 'question'; readonly question: NodeQuestion };

/** Reads a request; what is none is refused. */
export function readRequest(text: string): E.Either<Refusal, Incoming> {
  const input = parseJson(text);
  const request = ParticipantRequest.decode(input);
  if (E.isRight(request)) return E.right({ tag: 'participant', request: request.right });
  const question = Question.decode(input);
  if (E.isRight(question)) return E.right({ tag: 'question', question: question.right as NodeQuestion });
  return E.left(refuse('InvalidRequest'));
}

export const refused = (refusal: Refusal, fence?: number): NodeReply =>
  fence === undefined ? { refusal } : { refusal, fence };

const ParticipantRequest = shape({
  method: t.keyof(
    Object.fromEntries(nodeMethods.map((method) => [method, null])) as Record<NodeMethod, null>,
    'a method of nodes',
  ),
  params: t.UnknownRecord,
  user: t.string,
  device: t.string,
});

const call = boundedInteger('call', 1, Number.MAX_SAFE_INTEGER);
const Question = variants(
  'method',
  {
    'node.ping': shape({ method: t.literal('node.ping') }),
    'node.find': shape({ method: t.literal('node.find'), conversationId: t.string, call }),
    'node.place': shape({
      method: t.literal('node.place'),
      conversationId: t.string,
      call,
      above: boundedInteger('above', 0, Number.MAX_SAFE_INTEGER),
      except: boundedArray('except', t.string, 0, 1_000),
    }),
    'node.drain': shape(
      { method: t.literal('node.drain') },
      { seconds: boundedInteger('seconds', 0, 3_600) },
    ),
  },
  'a question to a node',
);
