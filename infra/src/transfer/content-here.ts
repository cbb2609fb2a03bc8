import { isOver } from '@parley/domain/conversation/access';
import { bucketEnd } from '@parley/domain/sealing/bucket';
import { hollowed, readSealedText } from '@parley/domain/sealing/sealed-text';
import { endOf } from '@parley/domain/wire/past-its-life';
import * as E from 'fp-ts/lib/Either.js';
import { isBucketId } from '../vault/names.js';
import type { Vault } from '../vault/vault.js';
import type { FiledEvent } from './parse-chunk.js';
import { TransferRefused } from './refused.js';

/** What becomes here of what is sealed in a file's event: `kept` opens here already, `gone` opens nowhere. */
export type ContentHere = { readonly tag: 'sealed' | 'kept' | 'gone'; readonly opaque: string };

/**
 * Seals anew, under the secrets of this vault and in the bucket that it was in, what the file has opened; so it expires here when it would have there, and
 * goes with its author's or its conversation's secret. What is past its life, or whose author was erased here, becomes hollow. Without a key of the
 * file, what this vault opens stays as it is: it came from here. In order; undefined for an event with nothing sealed.
 *
 * @throws TransferRefused where the vault does not answer, or knows the conversation as erased
 */
export async function contentHere(
  vault: Pick<Vault, 'seal' | 'open'>,
  events: readonly FiledEvent[],
  hasKeys: boolean,
  now: number,
): Promise<readonly (ContentHere | undefined)[]> {
  const opened = hasKeys ? [] : await openHere(vault, events);
  return Promise.all(
    events.map(async (filed, index): Promise<ContentHere | undefined> => {
      const { content, event } = filed;
      if (content === undefined) return undefined;
      const gone: ContentHere = { tag: 'gone', opaque: hollowed(content.opaque) };
      const bucket = readSealedText(content.opaque)?.bucket ?? '';
      if (isOver(endOf(event), now) || isOver(bucketEnd(bucket), now) || !isBucketId(bucket)) return gone;
      if (!hasKeys) return opened[index] === true ? { tag: 'kept', opaque: content.opaque } : gone;
      const sealed = await vault.seal(content.place, bucket, filed.opened as string);
      if (E.isRight(sealed)) return { tag: 'sealed', opaque: sealed.right };
      const { tag, detail } = sealed.left;
      if (tag === 'PersonErased' || tag === 'LifeNotAllowed') return gone;
      throw tag === 'ConversationNotFound'
        ? new TransferRefused('there', 'the conversation was erased here: its id is not given again')
        : new TransferRefused(
            'broken',
            `the vault does not seal now (${detail ?? tag}): import the same file again`,
          );
    }),
  );
}

/** Which of them this vault opens. */
export async function openHere(
  vault: Pick<Vault, 'open'>,
  events: readonly FiledEvent[],
): Promise<readonly (boolean | undefined)[]> {
  const found = (await vault.open(events.flatMap(({ content }) => content ?? []))).values();
  return events.map(({ content }) => {
    if (content === undefined) return undefined;
    const { tag } = found.next().value ?? { tag: 'gone' };
    if (tag === 'locked')
      throw new TransferRefused('broken', 'the vault does not open now: import the same file again');
    return tag === 'open';
  });
}
