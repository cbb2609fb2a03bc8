import { MAX_MESSAGE } from '@parley/infra/rpc/tick-batch';

/**
 * How many of the first items fit into one answer, because answers travel in one message of the broker; at least one.
 *
 * @param sizeOf characters of an item, what is short in all of them left out.
 */
export function fitting<A>(items: readonly A[], sizeOf: (item: A) => number): number {
  let characters = 0;
  const beyond = items.findIndex((item) => {
    characters += sizeOf(item);
    return characters > MAX_MESSAGE;
  });
  return beyond < 0 ? items.length : Math.max(1, beyond);
}

/** Answers to the questions of one batch, as many as fit into one message of the broker; the others are to be asked again. */
export function withinOneMessage<A>(
  answers: readonly A[],
  sizeOf: (answer: A) => number,
): readonly (A | { readonly later: true })[] {
  const count = fitting(answers, sizeOf);
  return answers.map((answer, index) => (index < count ? answer : { later: true }));
}
