import type { NodeBeat } from '../voice/beat.js';
import type { Seating, SeatQuestion, WhyPlaced } from '../voice/placements.js';

/** What the script reads: the nodes that beat lately, what was given to them since, and the record of one call. */
export type SeatBook = {
  readonly nodes: readonly NodeBeat[];
  readonly given: ReadonlyMap<string, number>;
  readonly record: SeatRecord | undefined;
};

export type SeatRecord = {
  readonly call: number;
  readonly node: string;
  readonly fence: number;
  readonly seats: ReadonlyMap<number, string>;
};

/**
 * Which node takes a participant, in plain words:
 * the call stays where it is while its node is there, also one that drains, unless it is to be left; else it goes to a node that takes calls, of the region if there is
 * one, the least loaded. The participant keeps its seat while that node is there, on an edge while that takes calls. A new one is on the core until that has its comfortable number; then on an
 * edge of the region if there is one, rather one of this call, the least loaded; and where all are full, where the fewest of this call are.
 * `now` in ms since 1970 UTC.
 */
export function modelSeat(
  book: SeatBook,
  question: SeatQuestion,
  now: number,
): { readonly seating: Seating; readonly book: SeatBook } {
  const { conversationId, call, participant, region, except, known: isKnown = false } = question;
  const alive = book.nodes.filter(({ node }) => !except.includes(node));
  const known = new Map(alive.map((beat) => [beat.node, beat]));
  const ready = alive.filter(({ state }) => state === 'ready');
  const isFar = (beat: NodeBeat): number => (beat.region === region ? 0 : 1);
  const score = ({ node, load }: NodeBeat): number =>
    load.cpu + load.consumers / 2_000 + load.bitrate / 1_000_000_000 + (book.given.get(node) ?? 0) / 50;

  const { record } = book;
  if (record !== undefined && record.call > call) return { seating: { tag: 'over' }, book };
  const isLost =
    record === undefined ||
    (record.call === call &&
      !except.includes(record.node) &&
      book.nodes.every(({ node }) => node !== record.node));
  if (isLost && isKnown) return { seating: { tag: 'lost' }, book };
  const why = whyPlaced(record, call, known, except);
  const core =
    why === 'kept'
      ? (record as SeatRecord).node
      : leastOf(ready, (beat) => [isFar(beat), score(beat), beat.node])?.node;
  if (core === undefined) return { seating: { tag: 'nobody' }, book };
  const fence = why === 'kept' ? (record as SeatRecord).fence : Math.max(now, (record?.fence ?? -1) + 1);

  const seats = new Map(why === 'kept' ? record?.seats : []);
  const taken = (node: string): number => [...seats.values()].filter((each) => each === node).length;
  const placed = { conversationId, call, node: core, fence };
  if (participant === undefined) {
    const placedAlone = { call, node: core, fence, seats };
    return { seating: { tag: 'seated', seat: placed, why }, book: { ...book, record: placedAlone } };
  }
  const before = known.get(seats.get(participant) ?? '');
  if (before === undefined || (before.node !== core && before.state !== 'ready')) seats.delete(participant);
  const given = new Map(book.given);
  let node = seats.get(participant);
  if (node === undefined) {
    node = newSeat();
    seats.set(participant, node);
    given.set(node, (given.get(node) ?? 0) + 1);
  }
  return {
    seating: { tag: 'seated', seat: node === core ? placed : { ...placed, node, core }, why },
    book: { ...book, given, record: { call, node: core, fence, seats } },
  };

  function newSeat(): string {
    const isRoomy = (beat: NodeBeat): boolean => taken(beat.node) < beat.comfortable;
    if (isRoomy(known.get(core as string) as NodeBeat)) return core as string;
    const edges = ready.filter((beat) => beat.node !== core);
    const roomy = leastOf(edges.filter(isRoomy), (beat) => [
      isFar(beat),
      taken(beat.node) === 0 ? 1 : 0,
      score(beat),
      beat.node,
    ]);
    if (roomy !== undefined) return roomy.node;
    const ours = [known.get(core as string) as NodeBeat, ...edges.filter(({ node }) => taken(node) > 0)];
    return (leastOf(ours, ({ node }) => [taken(node), node]) as NodeBeat).node;
  }
}

function whyPlaced(
  record: SeatRecord | undefined,
  call: number,
  known: ReadonlyMap<string, NodeBeat>,
  except: readonly string[],
): WhyPlaced {
  if (record === undefined || record.call < call) return 'new';
  if (except.includes(record.node)) return 'left';
  const beat = known.get(record.node);
  return beat === undefined || beat.state === 'starting' ? 'gone' : 'kept';
}

function leastOf<A>(all: readonly A[], rankOf: (each: A) => readonly (number | string)[]): A | undefined {
  return [...all].sort((a, b) => compare(rankOf(a), rankOf(b)))[0];
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [at, value] of a.entries()) {
    const other = b[at] as number | string;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
