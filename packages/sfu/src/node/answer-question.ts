import { refuse } from '@parley/domain/conversation/refusals';
import type { Placements } from '@parley/infra/voice/placements';
import type { NodeReply, Placement } from '@parley/infra/voice/protocol';
import type { NodeAnswer, NodeQuestion } from '@parley/infra/voice/questions';
import type { Edges } from '../edge/edges.js';
import type { Beats } from './beats.js';
import { type Held, type Holds, placementOf } from './holds.js';
import type { Life } from './life.js';
import { refused } from './requests.js';

export type QuestionResources = {
  readonly self: string;
  readonly region: string;
  readonly life: Life;
  readonly holds: Holds;
  readonly placements: Placements;
  readonly beats: Beats;
  readonly edges: Edges;
  readonly onDrainAsked: (seconds: number | undefined) => void;
};

/** Answers what a node is asked for its own sake. */
export async function answerQuestion(
  resources: QuestionResources,
  question: NodeQuestion,
): Promise<NodeReply> {
  const { life, onDrainAsked } = resources;
  if (question.method === 'node.ping') return answer<'node.ping'>({ state: life.state.tag });
  if (!(await life.settled())) return refused(refuse('VoiceUnavailable'));
  switch (question.method) {
    case 'node.find': {
      const held = coreOf(resources.holds, question.conversationId, question.call);
      return answer<'node.find'>(held === undefined ? {} : { placement: placementOf(held, resources.self) });
    }
    case 'node.place': {
      if (life.state.tag !== 'ready') return refused(refuse('VoiceUnavailable'));
      const placement = await place(resources, question);
      return placement === undefined
        ? refused(refuse('VoiceUnavailable'))
        : answer<'node.place'>({ placement });
    }
    case 'edge.link':
    case 'edge.tracks': {
      const { conversationId, call } = question;
      return resources.edges.answer(question, () => {
        if (question.method !== 'edge.link') return false;
        const { hold, verdict } = resources.holds.step(conversationId, {
          tag: 'shown',
          call,
          fence: question.fence,
        });
        return verdict === 'serve' && hold.tag === 'held' && hold.core === undefined;
      });
    }
    case 'node.drain':
      onDrainAsked(question.seconds);
      return answer<'node.drain'>({});
    default:
      return question satisfies never;
  }
}

/** By Redis where that is reached from here; else this node takes it, under a fence above all that is known of the call. */
async function place(
  { self, region, holds, placements, beats }: QuestionResources,
  { conversationId, call, above, except }: Extract<NodeQuestion, { readonly method: 'node.place' }>,
): Promise<Placement | undefined> {
  // A Redis that has just come back empty knows of no node.
  await beats.beat();
  const seating = await placements.seat({ conversationId, call, region, except }).catch(() => undefined);
  if (seating !== undefined) return seating.tag === 'seated' ? seating.seat : undefined;
  const held = coreOf(holds, conversationId, call);
  if (held !== undefined && held.fence >= above) return placementOf(held, self);
  const hold = holds.of(conversationId);
  const fence = Math.max(Date.now(), above + 1, 'fence' in hold ? hold.fence + 1 : 0);
  const { verdict } = holds.step(conversationId, { tag: 'shown', call, fence });
  return verdict === 'serve' ? { conversationId, call, node: self, fence } : undefined;
}

function coreOf(holds: Holds, conversationId: string, call: number): Held | undefined {
  const hold = holds.of(conversationId);
  return hold.tag === 'held' && hold.call === call && hold.core === undefined
    ? { conversationId, call, fence: hold.fence }
    : undefined;
}

const answer = <M extends NodeQuestion['method']>(result: NodeAnswer[M]): NodeReply => ({ result });
