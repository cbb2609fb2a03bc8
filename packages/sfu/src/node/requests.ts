import { MAX_PARTICIPANTS } from '@parley/domain/call/call';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { shape, variants } from '@parley/domain/shape';
import { boundedArray, boundedInteger } from '@parley/domain/text';
import { MediaId, MediaKind } from '@parley/domain/wire/rtp';
import { MAX_SIDE, MAX_TRACKS, type NodeMethod, nodeMethods, TrackSource } from '@parley/domain/wire/voice';
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

/**
 * A reply as it is sent. One of more bytes than the broker takes would be answered by nobody, and the error of it would end the node.
 *
 * @param most bytes of one message
 */
export function replyText(reply: NodeReply, most: number): string {
  const text = JSON.stringify(reply);
  return Buffer.byteLength(text) <= most
    ? text
    : JSON.stringify(refused(refuse('TooMuchMedia', 'there is more to receive than can be said at once')));
}

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
const fence = boundedInteger('fence', 0, Number.MAX_SAFE_INTEGER);

/** Tracks between two nodes of a call: each participant's, of each source. */
const MAX_PIPED = MAX_PARTICIPANTS * MAX_TRACKS;

const ofLink = { conversationId: t.string, call, from: t.string, link: t.string };
const PipeEnd = shape({
  ip: t.string,
  port: boundedInteger('port', 1, 65_535),
  srtpParameters: shape({ cryptoSuite: t.string, keyBase64: t.string }),
});
const offer = { producer: MediaId, paused: t.boolean };
const side = (name: string) => boundedInteger(name, 1, MAX_SIDE);
const PipedTrack = shape(
  {
    ...offer,
    participant: boundedInteger('participant', 1, Number.MAX_SAFE_INTEGER),
    user: t.string,
    source: TrackSource,
    kind: MediaKind,
    rtpParameters: t.UnknownRecord,
  },
  {
    entered: shape({ fence, at: boundedInteger('at', 0, Number.MAX_SAFE_INTEGER) }),
    size: shape({ width: side('width'), height: side('height') }),
  },
);

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
    'edge.link': shape({ method: t.literal('edge.link'), ...ofLink, fence, end: PipeEnd }),
    'edge.tracks': shape({
      method: t.literal('edge.tracks'),
      ...ofLink,
      offers: boundedArray('offers', shape(offer), 0, MAX_PIPED),
      described: boundedArray('described', PipedTrack, 0, MAX_PIPED),
      unwanted: boundedArray('unwanted', MediaId, 0, MAX_PIPED),
    }),
    'node.drain': shape(
      { method: t.literal('node.drain') },
      { seconds: boundedInteger('seconds', 0, 3_600) },
    ),
  },
  'a question to a node',
);
