import type { Log } from '@parley/infra/runtime/log';
import { steadyNow } from '@parley/infra/runtime/steady-now';
import type { ProjectionName, Share } from '../checkpoint.js';
import { pause } from '../pause.js';
import { nextMove } from './fair-share.js';
import { expel, listPeers, openSession, type Session, sessionName, tryLock } from './session.js';

export type OwnershipOptions = {
  readonly databaseUrl: string;
  readonly instance: string;
  readonly readModel: number;
  readonly projections: readonly ProjectionName[];
  readonly partitions: number;
  readonly log: Log;
  /**
   * Works on a share until the signal is aborted. Its lock is held by the session, and released after it settles.
   * A rejection ends this turn; another follows, here or elsewhere.
   */
  readonly work: (share: Share, session: Session, signal: AbortSignal) => Promise<void>;
};

export type Ownership = {
  /** Shares this process works on now. */
  readonly held: readonly Share[];
  /** Lets the work in hand finish its batch, then releases everything. */
  close(): Promise<void>;
};

/** Time between looks at who is alive and what is free, in ms: a dead owner's shares move within two of them. */
const ROUND = 500;

/** A projector that says nothing for so long is frozen, in ms: it loses what it has, and finds that out when it wakes. */
const FROZEN = 10_000;

/** A share that failed is left alone for so long, in ms, so that another projector may have it or what ails it passes. */
const REST = [500, 4_000] as const;

/**
 * Keeps this process at its fair part of all shares. One session at a time competes for locks; the one that wins a lock
 * goes on as the session of that share, so that lock and rows live and die together.
 */
export function ownShares(options: OwnershipOptions): Ownership {
  const { log, readModel } = options;
  const name = sessionName(readModel, options.instance);
  const held = new Map<string, Held>();
  const resting = new Map<string, Rest>();
  const closing = new AbortController();
  let spare: Session | undefined;
  let complained = false;
  const done = compete();

  async function compete(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await round();
        if (complained) log.info('Postgres is back');
        complained = false;
      } catch (error) {
        if (!complained)
          log.warn(
            { reason: (error as Error).message },
            'Postgres is away; projecting goes on when it is back',
          );
        complained = true;
        await spare?.end();
        spare = undefined;
      }
      await pause(complained ? ROUND / 2 : ROUND, closing.signal);
    }
  }

  async function round(): Promise<void> {
    spare = await readySession();
    const peers = await listPeers(spare, readModel);
    const frozen = peers.filter((peer) => peer.silentMs > FROZEN && peer.name !== name);
    for (const peer of frozen) {
      const silentMs = Math.round(peer.silentMs);
      log.warn({ projector: peer.name, silentMs }, 'a projector is frozen and loses its partitions');
      await expel(spare, peer.name);
    }
    for (const projection of options.projections) await balance(projection, peers.length - frozen.length);
  }

  async function balance(projection: ProjectionName, alive: number): Promise<void> {
    const mine = [...held.values()].filter(({ share }) => share.projection === projection);
    const { wanted, room, surplus } = nextMove(
      options.partitions,
      mine.map(({ share }) => share.partition),
      alive,
    );
    for (const partition of surplus) {
      const share = held.get(keyOf({ projection, partition }));
      if (share === undefined || share.stop.signal.aborted) continue;
      log.info({ version: readModel, projection, partition }, 'letting another projector have a share');
      share.stop.abort();
    }
    let taken = 0;
    for (const partition of shuffled(wanted)) {
      if (taken >= room || closing.signal.aborted) return;
      if (await take({ projection, partition })) taken++;
    }
  }

  async function take(share: Share): Promise<boolean> {
    const key = keyOf(share);
    if (held.has(key) || (resting.get(key)?.until ?? 0) > steadyNow()) return false;
    spare = await readySession();
    if (!(await tryLock(spare, readModel, share))) return false;
    const session = spare;
    spare = undefined;
    const stop = new AbortController();
    held.set(key, { share, stop, settled: own(share, session, stop.signal) });
    return true;
  }

  async function own(share: Share, session: Session, stop: AbortSignal): Promise<void> {
    const key = keyOf(share);
    try {
      await options.work(share, session, AbortSignal.any([stop, session.lost, closing.signal]));
      resting.delete(key);
    } catch (error) {
      const pause = Math.min((resting.get(key)?.pause ?? REST[0] / 2) * 2, REST[1]);
      // A lost connection is nobody's fault: go on as soon as there is another.
      resting.set(key, session.lost.aborted ? { pause: 0, until: 0 } : { pause, until: steadyNow() + pause });
      log.warn(
        { version: readModel, ...share, reason: (error as Error).message },
        'work on a share ended; it begins anew from its checkpoint',
      );
    } finally {
      await session.end();
      held.delete(key);
    }
  }

  async function readySession(): Promise<Session> {
    if (spare !== undefined && !spare.lost.aborted) return spare;
    return openSession(options.databaseUrl, name);
  }

  return {
    get held() {
      return [...held.values()].map(({ share }) => share);
    },
    async close() {
      closing.abort();
      await done;
      await Promise.all([...held.values()].map(({ settled }) => settled));
      await spare?.end();
    },
  };
}

type Held = { readonly share: Share; readonly stop: AbortController; readonly settled: Promise<void> };
type Rest = { readonly pause: number; readonly until: number };

const keyOf = ({ projection, partition }: Share): string => `${projection}/${partition}`;

/** Several projectors that start together must not all try the same share first. */
const shuffled = <A>(items: readonly A[]): readonly A[] =>
  items
    .map((item) => ({ item, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item);
