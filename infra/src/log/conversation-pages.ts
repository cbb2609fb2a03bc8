import { setImmediate as eventLoop } from 'node:timers/promises';
import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import { readBatch } from './read-batch.js';
import type { Place } from './subjects.js';

/**
 * The messages of one conversation as they are stored, in order, from a stream sequence on, a page of at most 1,000 at a time. The next page is
 * read while one is looked at, and others run in between: a long conversation holds up nobody.
 *
 * @throws when the broker does not answer.
 */
export async function* conversationPages(
  jsm: JetStreamManager,
  { stream, subject }: Place,
  from = 1,
): AsyncGenerator<readonly StoredMsg[], void, undefined> {
  let coming = ask(from);
  for (;;) {
    const page = await coming;
    const last = page.at(-1);
    if (last === undefined) return;
    const isEnd = last.pending === 0;
    if (!isEnd) coming = ask(last.seq + 1);
    yield page;
    if (isEnd) return;
    await eventLoop();
  }

  function ask(seq: number): Promise<readonly StoredMsg[]> {
    const page = readBatch(jsm, stream, { seq, next_by_subj: subject });
    // Whoever has seen enough does not wait for it.
    page.catch(() => undefined);
    return page;
  }
}
