import type { CallMedia, WhyLeft } from '../call/call.js';

/** From when to when a device was in a call, in ms; `why` is null while it is, where the call ended, and where a newer stay of the device began. */
export type HistoricStay = {
  readonly participant: number;
  readonly user: string;
  readonly device: string;
  readonly joinedAt: number;
  leftAt: number | null;
  why: WhyLeft | null;
};

export type HistoricCall = {
  readonly call: number;
  readonly media: CallMedia;
  readonly by: string;
  readonly at: number;
  endedAt: number | null;
  /** In the order in which they began. */
  stays: HistoricStay[];
};

/** The calls of one conversation in the order of their seqs; one at a time goes on. */
export class Calls {
  readonly #all: HistoricCall[] = [];

  /** The one that goes on. */
  get ongoing(): HistoricCall | undefined {
    const last = this.#all.at(-1);
    return last?.endedAt === null ? last : undefined;
  }

  /** Unless one goes on. */
  start(seq: number, at: number, by: string, media: CallMedia, device: string): void {
    if (this.ongoing !== undefined) return;
    this.#all.push({ call: seq, media, by, at, endedAt: null, stays: [] });
    this.#enter(seq, at, by, device);
  }

  /** From a device that is in it already, the newer stay ends the older. */
  join(call: number, seq: number, at: number, user: string, device: string): void {
    if (this.ongoing?.call !== call) return;
    for (const stay of this.#present((each) => each.user === user && each.device === device))
      stay.leftAt = at;
    this.#enter(seq, at, user, device);
  }

  leave(call: number, participant: number, at: number, why: WhyLeft): void {
    if (this.ongoing?.call === call) this.#go((stay) => stay.participant === participant, at, why);
  }

  /** These people are members no more. */
  putOut(users: readonly string[], at: number, why: WhyLeft): void {
    this.#go(({ user }) => users.includes(user), at, why);
  }

  /** The one that goes on, if it is this one, or whichever it is. */
  end(at: number, call?: number): void {
    const { ongoing } = this;
    if (ongoing === undefined || (call !== undefined && ongoing.call !== call)) return;
    this.#go(() => true, at, null);
  }

  /** Nothing says any more that somebody was in a call. */
  forget(user: string, at: number): void {
    for (const call of this.#all) call.stays = call.stays.filter((stay) => stay.user !== user);
    this.#endIfEmpty(at);
  }

  clear(): void {
    this.#all.length = 0;
  }

  [Symbol.iterator](): IterableIterator<HistoricCall> {
    return this.#all.values();
  }

  #enter(participant: number, joinedAt: number, user: string, device: string): void {
    this.ongoing?.stays.push({ participant, user, device, joinedAt, leftAt: null, why: null });
  }

  #go(who: (stay: HistoricStay) => boolean, at: number, why: WhyLeft | null): void {
    for (const stay of this.#present(who)) {
      stay.leftAt = at;
      stay.why = why;
    }
    this.#endIfEmpty(at);
  }

  #endIfEmpty(at: number): void {
    const { ongoing } = this;
    if (ongoing !== undefined && this.#present(() => true).length === 0) ongoing.endedAt = at;
  }

  #present(who: (stay: HistoricStay) => boolean): readonly HistoricStay[] {
    return this.ongoing?.stays.filter((stay) => stay.leftAt === null && who(stay)) ?? [];
  }
}
