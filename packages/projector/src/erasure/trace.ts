import { covers } from '@parley/domain/conversation/covers';
import type { Fate, Remains } from '@parley/domain/conversation/vocabulary';
import type { Envelope } from '@parley/domain/log/envelope';
import { erasedBody } from '@parley/domain/sealing/sealed-text';

/** What the log has of a message, read from there on, and what has become of it. Pure. */
export type Trace = {
  readonly seq: number;
  readonly author: string | undefined;
  /** It was deleted, so it is to be erased. */
  readonly isDeleted: boolean;
  /** Its events that are there, bodies left out, oldest first. */
  readonly remains: readonly Remains[];
  /** Where its events are, or were, that the log says to be erased. */
  readonly said: ReadonlySet<number>;
  readonly fate: Fate;
};

export const noTrace = (seq: number): Trace => ({
  seq,
  author: undefined,
  isDeleted: false,
  remains: [],
  said: new Set(),
  fate: {},
});

/** The trace after one more event of the conversation. `json` is the event as the log has it, so that its remains have its version. */
export function follow(trace: Trace, streamSeq: number, event: Envelope, json: unknown): Trace {
  const { seq, fate } = trace;
  // What comes before a message is not about it, whatever it says.
  if (event.seq < seq) return trace;
  switch (event.type) {
    case 'message.sent':
      return event.seq === seq ? { ...found(trace, streamSeq, json), author: event.actor } : trace;
    case 'message.edited':
      return event.data.seq === seq ? found(trace, streamSeq, json) : trace;
    case 'message.deleted':
      return event.data.seq === seq ? { ...trace, isDeleted: true, fate: deleted(fate, event.at) } : trace;
    case 'message.expired':
      return covers(event.data.ranges, seq) ? { ...trace, fate: { ...fate, expired: true } } : trace;
    case 'member.erased':
      return event.data.user === trace.author ? { ...trace, fate: deleted(fate, event.at) } : trace;
    case 'message.erased':
      return event.data.seq === seq ? recalled(trace, event.data) : trace;
    default:
      return trace;
  }
}

/** Nothing becomes of a message that is over. */
const deleted = (fate: Fate, at: number): Fate =>
  fate.deletedAt !== undefined || fate.expired === true ? fate : { ...fate, deletedAt: at };

/** What is there and of which the log does not say yet that it is erased. */
export const unsaid = ({ remains, said }: Trace): readonly Remains[] =>
  remains.filter(({ streamSeq }) => !said.has(streamSeq));

function found(trace: Trace, streamSeq: number, json: unknown): Trace {
  const { seq, type, version, at, actor, commandId, producer, data } = json as Remains & {
    readonly data: { readonly body: string };
  };
  const left = { streamSeq, seq, type, version, at, actor, commandId };
  const remains = { ...left, data: { ...data, body: erasedBody(data.body) } };
  return {
    ...trace,
    remains: [...trace.remains, producer === undefined ? remains : { ...remains, producer }],
  };
}

/** The rest was erased before: what had become of the message by then is known from there. */
function recalled(
  trace: Trace,
  { remains, seq: _, ...fate }: Fate & { seq: number; remains: readonly Remains[] },
): Trace {
  const author = remains.find(({ type }) => type === 'message.sent')?.actor;
  return {
    ...trace,
    author: trace.author ?? author,
    said: new Set([...trace.said, ...remains.map(({ streamSeq }) => streamSeq)]),
    fate: { ...trace.fate, ...fate },
  };
}
