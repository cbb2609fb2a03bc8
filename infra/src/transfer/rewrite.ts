import type { BanHash, Remains } from '@parley/domain/conversation/vocabulary';
import type { LoggedEvent } from '@parley/domain/log/digest';

/** What an event refers to of its stack, as it is in this one. */
export type Rewriting = {
  /** The hash here of whoever had this one there; the same where nobody knows whose it is. */
  readonly banHash: (hash: BanHash) => BanHash;
  /** Where in the stream here the event of this seq is. */
  readonly streamSeqOf: (seq: number) => number | undefined;
  readonly importedTo: number;
};

/**
 * An event as it is stored in another stack: people's hashes are keyed by its key, and where events were that were erased is where they are in its
 * stream. The digest is of neither.
 */
export function rewritten(json: LoggedEvent, { importedTo, ...rewriting }: Rewriting): LoggedEvent {
  return { ...json, importedTo, data: rewrittenData(json, rewriting) } as LoggedEvent;
}

function rewrittenData(
  { type, data }: LoggedEvent,
  { banHash, streamSeqOf }: Omit<Rewriting, 'importedTo'>,
): unknown {
  switch (type) {
    case 'conversation.created':
    case 'member.added': {
      const { members } = data as { readonly members: readonly ({ readonly banHash: BanHash } | string)[] };
      // Those of the first version are bare ids, and get their hashes by their places.
      const each = members.map((entry) =>
        typeof entry === 'string' ? entry : { ...entry, banHash: banHash(entry.banHash) },
      );
      return { ...(data as object), members: each };
    }
    case 'member.banned':
    case 'member.unbanned':
      return { ...(data as object), banHash: banHash((data as { readonly banHash: BanHash }).banHash) };
    case 'message.erased': {
      const { remains } = data as { readonly remains: readonly Remains[] };
      const each = remains.map((left) => ({ ...left, streamSeq: streamSeqOf(left.seq) ?? left.streamSeq }));
      return { ...(data as object), remains: each };
    }
    default:
      return data;
  }
}

/** What two stacks have alike of an event: everything but what is sealed in it. */
export function alike(json: LoggedEvent): string {
  const { data } = json as { readonly data: { readonly body?: unknown; readonly title?: unknown } };
  const { body, title } = data;
  return JSON.stringify({
    ...json,
    data: {
      ...data,
      ...(body === undefined ? {} : { body: '' }),
      ...(title === undefined ? {} : { title: '' }),
    },
  });
}
