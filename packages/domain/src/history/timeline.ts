/**
 * A message as it is at some place of its conversation's history. What is not there is null. `body` is sealed or plain as the log has
 * it; null where the message is deleted or expired, or where the log no longer has what it said. Times in ms since 1970 UTC.
 */
export type HistoricMessage = {
  readonly seq: number;
  readonly ordinal: number;
  readonly author: string;
  readonly at: number;
  readonly sentAt: number | null;
  readonly replyTo: number | null;
  readonly expiresAt: number | null;
  body: string | null;
  editedAt: number | null;
  deletedAt: number | null;
  expired: boolean;
  /** Who reacted, by emoji; undefined while nobody did. */
  reactions: Map<string, Set<string>> | undefined;
};

/** Whether a message is neither deleted nor expired. */
export const isThere = (message: HistoricMessage | undefined): message is HistoricMessage =>
  message !== undefined && !message.expired && message.deletedAt === null;

export type ReactionThen = {
  readonly emoji: string;
  readonly count: number;
  readonly users: readonly string[];
};

/** Who reacted to a message, sorted by emoji as the read model has them. */
export const reactionsTo = ({ reactions }: HistoricMessage): readonly ReactionThen[] =>
  [...(reactions ?? [])]
    .map(([emoji, users]) => ({ emoji, count: users.size, users: [...users] }))
    .sort((one, other) => byCodePoints(one.emoji, other.emoji));

/** The order of their bytes in UTF-8; that of JavaScript puts what lies beyond 16 bits before what is at their end. */
function byCodePoints(one: string, other: string): number {
  const [a, b] = [Array.from(one), Array.from(other)];
  const at = a.findIndex((character, index) => character !== b[index]);
  if (at < 0) return a.length - b.length;
  return (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? -1);
}

/** Messages of neighbouring seqs. `living` counts those that have not expired, so that a run of expired ones is passed over at once. */
type Block = { readonly messages: (HistoricMessage | undefined)[]; living: number };

/** Seqs of a block. */
const WIDTH = 1_024;

/**
 * The messages of one conversation in the order of their seqs, by seq and by author. It may be added to anywhere. Expiring a range costs
 * its messages that have not expired yet, and a step for every 1,024 others.
 */
export class Timeline {
  readonly #blocks = new Map<number, Block>();
  /** Numbers of the blocks, ascending. */
  readonly #numbers: number[] = [];
  readonly #byAuthor = new Map<string, HistoricMessage[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(seq: number): HistoricMessage | undefined {
    return this.#blocks.get(Math.floor(seq / WIDTH))?.messages[seq % WIDTH];
  }

  /** Adds a message, unless there is one of that seq. */
  add(message: HistoricMessage): void {
    const block = this.#blockAt(Math.floor(message.seq / WIDTH));
    const index = message.seq % WIDTH;
    if (block.messages[index] !== undefined) return;
    block.messages[index] = message;
    if (!message.expired) block.living++;
    this.#size++;
    const own = this.#byAuthor.get(message.author);
    if (own === undefined) this.#byAuthor.set(message.author, [message]);
    else own.push(message);
  }

  /** Marks as expired what there is from one seq to another, both included, and gives what was not before. */
  expire(from: number, to: number): readonly HistoricMessage[] {
    const [first, last] = [Math.floor(from / WIDTH), Math.floor(to / WIDTH)];
    const expired: HistoricMessage[] = [];
    for (let at = this.#place(first); at < this.#numbers.length; at++) {
      const number = this.#numbers[at] as number;
      if (number > last) break;
      const block = this.#blocks.get(number) as Block;
      if (block.living === 0) continue;
      const end = number === last ? to % WIDTH : WIDTH - 1;
      for (let index = number === first ? from % WIDTH : 0; index <= end; index++) {
        const message = block.messages[index];
        if (message === undefined || message.expired) continue;
        message.expired = true;
        block.living--;
        expired.push(message);
      }
    }
    return expired;
  }

  /** What somebody wrote that is still there; nothing of it is given a second time. */
  takeOf(author: string): readonly HistoricMessage[] {
    const own = this.#byAuthor.get(author);
    this.#byAuthor.delete(author);
    return own?.filter(isThere) ?? [];
  }

  clear(): void {
    this.#blocks.clear();
    this.#numbers.length = 0;
    this.#byAuthor.clear();
    this.#size = 0;
  }

  /** All of them, the oldest first. */
  *[Symbol.iterator](): Generator<HistoricMessage, void, undefined> {
    for (const number of this.#numbers) {
      for (const message of (this.#blocks.get(number) as Block).messages) {
        if (message !== undefined) yield message;
      }
    }
  }

  /** Those before a seq, the newest first. */
  *before(seq: number): Generator<HistoricMessage, void, undefined> {
    for (let at = this.#numbers.length - 1; at >= 0; at--) {
      const number = this.#numbers[at] as number;
      if (number * WIDTH >= seq) continue;
      const { messages } = this.#blocks.get(number) as Block;
      for (let index = messages.length - 1; index >= 0; index--) {
        const message = messages[index];
        if (message !== undefined && message.seq < seq) yield message;
      }
    }
  }

  /** Those after a seq, the oldest first. */
  *after(seq: number): Generator<HistoricMessage, void, undefined> {
    for (let at = this.#place(Math.floor(seq / WIDTH)); at < this.#numbers.length; at++) {
      for (const message of (this.#blocks.get(this.#numbers[at] as number) as Block).messages) {
        if (message !== undefined && message.seq > seq) yield message;
      }
    }
  }

  #blockAt(number: number): Block {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const block = { messages: [], living: 0 };
    this.#blocks.set(number, block);
    this.#numbers.splice(this.#place(number), 0, number);
    return block;
  }

  /** Where the first block is that has this number or a greater one. */
  #place(number: number): number {
    let [low, high] = [0, this.#numbers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#numbers[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
