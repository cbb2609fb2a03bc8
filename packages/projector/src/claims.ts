import type { Remains } from '@parley/domain/conversation/vocabulary';
import { addDigest, type Digest, digestOf, emptyDigest } from '@parley/domain/log/digest';
import type { Envelope } from '@parley/domain/log/envelope';
import type { ClientBase } from 'pg';
import { type Gap, gapsAmong } from './gaps.js';

/** Events that this build never saw, because they were erased, and that it folds from what is left of them. */
export type Claims = {
  /** Where they were in the stream. */
  readonly streamSeqs: ReadonlySet<number>;
  readonly digest: Digest;
};

export const noClaims: Claims = { streamSeqs: new Set(), digest: emptyDigest };

/** What a batch says is left of erased events, where there are gaps for it: in this batch, or met before. */
export async function claimRemains(
  client: Pick<ClientBase, 'query'>,
  schema: string,
  partition: number,
  events: readonly Envelope[],
  gaps: readonly Gap[],
): Promise<Claims> {
  const remains = remainsIn(events);
  if (remains.size === 0) return noClaims;
  const met = await gapsAmong(client, schema, partition, [...remains.keys()]);
  const streamSeqs = new Set(met);
  for (const streamSeq of remains.keys()) {
    if (gaps.some(({ first, last }) => first <= streamSeq && streamSeq <= last)) streamSeqs.add(streamSeq);
  }
  const digest = [...streamSeqs]
    .map((streamSeq) => digestOf(remains.get(streamSeq) as Left))
    .reduce(addDigest, emptyDigest);
  return { streamSeqs, digest };
}

type Left = Remains & { readonly conversationId: string };

/** By where it was; an event that is said to be left twice counts once. */
function remainsIn(events: readonly Envelope[]): ReadonlyMap<number, Left> {
  const remains = new Map<number, Left>();
  for (const event of events) {
    if (event.type !== 'message.erased') continue;
    const { conversationId } = event;
    for (const left of event.data.remains) remains.set(left.streamSeq, { ...left, conversationId });
  }
  return remains;
}
