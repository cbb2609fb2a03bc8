import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { decodeEnvelope, type Envelope } from '@parley/domain/log/envelope';
import * as E from 'fp-ts/lib/Either.js';
import { consumeBatches } from '../../log/consume.js';
import { readConversation } from '../../log/conversation-reader.js';
import { placeOf, streamName } from '../../log/subjects.js';
import { parseJson } from '../../runtime/parse-json.js';
import { type EndedFold, type EndedMessage, foldEnded } from './ended-messages.js';

/** Which erased messages are asked about: those of a conversation, of an author, that were over by a time in ms; of all where nothing is said. */
export type Scope = {
  readonly conversation?: string;
  readonly user?: string;
  readonly before?: number;
};

export type LogResources = {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly partitions: number;
};

/** A message of the scope that is over, and the conversation it was in. */
export type Erased = EndedMessage & { readonly conversationId: string };

/**
 * The messages of a scope that are over, as the log says: of each conversation in order. A scope of one conversation reads that; every
 * other reads the whole log, and needs memory for the messages of one partition.
 *
 * @param onProgress told how many events were read
 * @throws when the broker does not answer
 */
export async function* erasedMessages(
  log: LogResources,
  scope: Scope,
  onProgress: (events: number) => void = () => undefined,
): AsyncGenerator<readonly Erased[]> {
  let read = 0;
  const wanted = (conversationId: string, fold: EndedFold): readonly Erased[] =>
    fold
      .ended()
      .filter(
        ({ author, ended }) => author === (scope.user ?? author) && ended.at <= (scope.before ?? ended.at),
      )
      .map((message) => ({ conversationId, ...message }));

  if (scope.conversation !== undefined) {
    const fold = foldEnded();
    for await (const { json } of readConversation(log.jsm, placeOf(scope.conversation, log.partitions))) {
      const event = decodeEnvelope(json);
      if (E.isRight(event)) fold.add(event.right);
      onProgress(++read);
    }
    return yield wanted(scope.conversation, fold);
  }
  for (let partition = 0; partition < log.partitions; partition++) {
    const folds = new Map<string, EndedFold>();
    for await (const batch of consumeBatches(log.js, streamName(partition), 0, { follow: false })) {
      for (const { bytes } of batch) {
        const event = decodeEnvelope(parseJson(bytes));
        if (E.isRight(event)) foldOf(folds, event.right).add(event.right);
      }
      read += batch.length;
      onProgress(read);
    }
    for (const [conversationId, fold] of folds) yield wanted(conversationId, fold);
  }
}

function foldOf(folds: Map<string, EndedFold>, { conversationId }: Envelope): EndedFold {
  const fold = folds.get(conversationId) ?? foldEnded();
  folds.set(conversationId, fold);
  return fold;
}
