import { DirectMsgHeaders, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream';
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';

/** What is read: the messages of one subject from a sequence on, or the newest of each of many subjects. */
export type BatchQuery =
  | { readonly seq: number; readonly next_by_subj: string }
  | { readonly multi_last: readonly string[] };

/** Messages and bytes asked of the broker at once: its buffer for us, and ours, are bounded by them. */
const MOST_MESSAGES = 1_000;
const MOST_BYTES = 4 * 1024 * 1024;

/** Milliseconds until a batch that is not whole counts as lost. */
const WITHIN_MS = 10_000;

/** Statuses that end a batch: there is no such message; that was all. */
const NOTHING_THERE = 404;
const THAT_WAS_ALL = 204;

/**
 * A batch of stored messages, read directly, without a consumer; fewer than there are where they are too many or too large:
 * the last says in `pending` how many are left. Asked in the client's stead: it reads the headers of each message, which takes four fifths of
 * the time of a long batch, and its iterator form leaves its subscription behind.
 *
 * @throws when the broker does not answer.
 */
export function readBatch(
  jsm: JetStreamManager,
  stream: string,
  query: BatchQuery,
): Promise<readonly StoredMsg[]> {
  const { nc, prefix } = jsm as unknown as { readonly nc: NatsConnection; readonly prefix: string };
  return new Promise((resolve, reject) => {
    const batch: StoredMsg[] = [];
    const inbox = createInbox();
    const subscription = nc.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) return settle(() => reject(error));
        // Only what has no body can be a word about the batch.
        const code = message.data.length > 0 ? 0 : (message.headers?.code ?? 0);
        if (code === 0) batch.push(new Stored(message));
        else if (code === THAT_WAS_ALL || code === NOTHING_THERE) settle(() => resolve(batch));
        else settle(() => reject(statusError(code, message.headers)));
      },
    });
    const late = setTimeout(() => settle(() => reject(lateError())), WITHIN_MS);
    const settle = (end: () => void): void => {
      clearTimeout(late);
      subscription.unsubscribe();
      end();
    };
    try {
      const question = { batch: MOST_MESSAGES, max_bytes: MOST_BYTES, ...query };
      nc.publish(`${prefix}.DIRECT.GET.${stream}`, JSON.stringify(question), { reply: inbox });
    } catch (error) {
      settle(() => reject(error));
    }
  });
}

/** A stored message whose headers, which say where it was stored, are read when they are asked for. */
class Stored implements StoredMsg {
  readonly data: Uint8Array;
  readonly #message: Msg;

  constructor(message: Msg) {
    this.data = message.data;
    this.#message = message;
  }

  get header(): MsgHdrs {
    return this.#message.headers as MsgHdrs;
  }
  get subject(): string {
    return this.header.last(DirectMsgHeaders.Subject);
  }
  get seq(): number {
    return Number(this.header.last(DirectMsgHeaders.Sequence));
  }
  get pending(): number {
    return Number(this.header.last(DirectMsgHeaders.NumPending) || -1);
  }
  get lastSequence(): number {
    return Number(this.header.last(DirectMsgHeaders.LastSequence) || 0);
  }
  get timestamp(): string {
    return this.header.last(DirectMsgHeaders.TimeStamp);
  }
  get time(): Date {
    return new Date(this.timestamp);
  }
  json<T>(): T {
    return this.#message.json<T>();
  }
  string(): string {
    return this.#message.string();
  }
}

function statusError(code: number, headers: MsgHdrs | undefined): Error {
  return named('JetStreamStatusError', `the broker answered ${code} ${headers?.description ?? ''}`.trim());
}

const lateError = (): Error =>
  named('TimeoutError', `the broker did not send all of a batch within ${WITHIN_MS} ms`);

/** As the client names them: by that name others know that the log is away. */
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });
