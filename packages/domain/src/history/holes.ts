/** Seqs that a log does not have although it has later ones, and which of them an erasure has accounted for. */
export class Holes {
  /** First and last of each run, ascending. */
  readonly #runs: (readonly [number, number])[] = [];
  readonly #claimed = new Set<number>();
  #count = 0;

  /** Seqs that are missing and that no erasure accounts for: what was lost, or is yet to be accounted for. */
  get unclaimed(): number {
    return this.#count - this.#claimed.size;
  }

  /** Adds a run behind all that were added before. */
  add(from: number, to: number): void {
    this.#runs.push([from, to]);
    this.#count += to - from + 1;
  }

  has(seq: number): boolean {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#runs[middle] as readonly [number, number])[1] < seq) low = middle + 1;
      else high = middle;
    }
    const run = this.#runs[low];
    return run !== undefined && run[0] <= seq;
  }

  /** Accounts for a seq. False where it is not missing, or has been accounted for before. */
  claim(seq: number): boolean {
    if (!this.has(seq) || this.#claimed.has(seq)) return false;
    this.#claimed.add(seq);
    return true;
  }
}
