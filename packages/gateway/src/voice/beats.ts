import type { Log } from '@parley/infra/runtime/log';
import type { InCall, Rosters } from '@parley/infra/voice/roster';
import * as E from 'fp-ts/lib/Either.js';
import { beatenOf, memberOf } from './beat-members.js';
import { BEAT_MS, type BeatsStore } from './beats-store.js';

/** Who of all calls is there, as gateways tell each other by Redis. What cannot be told is told again with the next beat. */
export type Beats = {
  /** They are here now; or were, until now. */
  hear(participant: InCall): void;
  /** They are in a call by the log, wherever they are: if nobody hears of them, they are lost. */
  expect(participants: readonly InCall[]): void;
  /** They are in no call any more. */
  forget(participant: InCall): void;
  /** Says once more who is here, and no more. */
  close(): Promise<void>;
};

export type BeatsOptions = {
  readonly store: BeatsStore;
  /** Those whose connections are here. */
  readonly here: () => Iterable<InCall>;
  /** Takes out somebody who seems to be lost. True when that is done, or was needless for good. */
  readonly takeOut: (participant: InCall) => Promise<boolean>;
  /** Everybody who is in a call, by the rows. */
  readonly everybody: Rosters['everybody'];
  readonly log: Log;
};

type Said = 'hear' | 'expect' | 'forget';

export function openBeats({ store, here, takeOut, everybody, log }: BeatsOptions): Beats {
  /** What is to be said of each in this event-loop tick. */
  let said = new Map<string, Said>();
  let isBeating = false;
  let isClosed = false;

  function say(participant: InCall, what: Said): void {
    const member = memberOf(participant);
    if (what === 'expect' && said.has(member)) return;
    if (said.size === 0) setImmediate(() => void flush());
    said.set(member, what);
  }

  async function flush(): Promise<void> {
    const now = said;
    said = new Map();
    const those = (what: Said) => [...now].filter(([, is]) => is === what).map(([member]) => member);
    const [heard, expected, forgotten] = [those('hear'), those('expect'), those('forget')];
    await attempt(async () => {
      // In the order of one connection: what is forgotten in this tick is not expected again.
      await Promise.all([
        ...(heard.length > 0 ? [store.hear(heard)] : []),
        ...(expected.length > 0 ? [store.expect(expected)] : []),
        ...(forgotten.length > 0 ? [store.forget(forgotten)] : []),
      ]);
    });
  }

  const hearAll = () => store.hear(Array.from(here(), memberOf));

  async function beat(): Promise<void> {
    if (isBeating) return;
    isBeating = true;
    await attempt(async () => {
      await hearAll();
      await Promise.all((await store.takeLost()).map(takeOutMember));
    });
    isBeating = false;
    await attempt(sweep);
  }

  /** Expects everybody, in case Redis has lost some; where that is not done to the end another gateway does it. */
  async function sweep(): Promise<void> {
    if (!(await store.takeSweep())) return;
    let after: InCall | undefined;
    do {
      const page = await everybody(after);
      if (E.isLeft(page) || isClosed) return;
      const { participants, hasMore } = page.right;
      await store.expect(participants.map(memberOf));
      after = hasMore ? participants.at(-1) : undefined;
    } while (after !== undefined);
    await store.swept();
  }

  async function takeOutMember(member: string): Promise<void> {
    const participant = beatenOf(member);
    if (participant === undefined || (await takeOut(participant))) await store.forget([member]);
  }

  async function attempt(work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => {
      log.debug({ err: error }, 'Redis does not say who is in calls');
    });
  }

  const timer = setInterval(() => void beat(), BEAT_MS);
  void beat();

  return {
    hear: (participant) => say(participant, 'hear'),
    expect: (participants) => {
      for (const participant of participants) say(participant, 'expect');
    },
    forget: (participant) => say(participant, 'forget'),
    async close() {
      clearInterval(timer);
      isClosed = true;
      await flush();
    },
  };
}
