import type { NatsConnection } from '@nats-io/transport-node';
import { askNode } from '@parley/infra/voice/questions';
import {
  MAX_UNANSWERED,
  PROBE_MS,
  type ProbeInput,
  type ProbeState,
  stepProbe,
  untried,
} from './probe-state.js';

/** Milliseconds after the line to the broker came back in which a node that nobody listens for may only not have come back itself. */
const SETTLE_MS = 3_000;

/** Asks the nodes of calls here whether they are there: one question a node, however many calls it has. */
export type Probes = {
  /** Nodes that are thought dead: nobody is sent there while there is another. */
  suspects(): readonly string[];
  /** The broker said so to somebody who asked it something. */
  nobodyAt(node: string): void;
  /** There was no other: it is asked anew whether it is there. */
  trust(node: string): void;
  /** The line to the broker is whole again. */
  lineBack(): void;
  close(): void;
};

export type ProbesOptions = {
  readonly nats: NatsConnection;
  /** Whether the line to the broker is whole: while it is not, nothing is known of anybody. */
  readonly isConnected: () => boolean;
  /** Nodes that somebody here is on. */
  readonly used: () => ReadonlySet<string>;
  readonly onDead: (node: string) => void;
};

export function openProbes({ nats, isConnected, used, onDead }: ProbesOptions): Probes {
  const states = new Map<string, ProbeState>();
  let backAt = Number.NEGATIVE_INFINITY;

  function step(node: string, input: ProbeInput): void {
    const { state, effect } = stepProbe(states.get(node) ?? untried, input);
    if (state === undefined) states.delete(node);
    else states.set(node, state);
    if (effect === 'ask') void ask(node);
    else if (effect === 'died') onDead(node);
  }

  async function ask(node: string): Promise<void> {
    const { tag } = await askNode(nats, node, { method: 'node.ping' }, PROBE_MS * MAX_UNANSWERED);
    // Late, of a node that was forgotten meanwhile.
    if (!states.has(node)) return;
    if (tag === 'nobody') nobodyAt(node);
    // Whatever it says, it is there.
    else if (tag !== 'silence') step(node, { tag: 'answered' });
  }

  function nobodyAt(node: string): void {
    const isSettled = isConnected() && performance.now() - backAt > SETTLE_MS;
    if (isSettled) step(node, { tag: 'nobody' });
  }

  const timer = setInterval(() => {
    if (!isConnected()) return;
    const nodes = used();
    for (const node of new Set([...nodes, ...states.keys()]))
      step(node, { tag: 'tick', used: nodes.has(node) });
  }, PROBE_MS);

  return {
    suspects: () => [...states].filter(([, { tag }]) => tag === 'dead').map(([node]) => node),
    nobodyAt,
    trust: (node) => step(node, { tag: 'trusted' }),
    lineBack() {
      backAt = performance.now();
      for (const node of [...states.keys()]) step(node, { tag: 'answered' });
    },
    close: () => clearInterval(timer),
  };
}
