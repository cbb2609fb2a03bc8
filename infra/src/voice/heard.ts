import type { NatsConnection } from '@nats-io/transport-node';
import { type NodeBeat, readBeat } from './beat.js';
import { ALIVE_MS } from './registry.js';
import { ALIVE_SUBJECT } from './subjects.js';

/** Nodes as they are heard over NATS: what is known of them while Redis is away. */
export type Heard = {
  /** Those that said they are there in the last {@link ALIVE_MS}. */
  nodes(): readonly NodeBeat[];
  /** The broker says that nobody listens for it any more: it is gone until it is heard again. */
  forget(node: string): void;
  close(): void;
};

/** Nodes that are remembered at once. */
const MAX_NODES = 10_000;

export function hearNodes(nats: NatsConnection): Heard {
  const heard = new Map<string, { readonly beat: NodeBeat; readonly at: number }>();

  const subscription = nats.subscribe(ALIVE_SUBJECT, {
    callback: (error, message) => {
      if (error) return;
      const beat = readBeat(message.data);
      if (beat === undefined) return;
      if (heard.size >= MAX_NODES) dropSilent();
      if (heard.size < MAX_NODES || heard.has(beat.node))
        heard.set(beat.node, { beat, at: performance.now() });
    },
  });

  function dropSilent(): void {
    const since = performance.now() - ALIVE_MS;
    for (const [node, { at }] of heard) if (at < since) heard.delete(node);
  }

  return {
    nodes() {
      dropSilent();
      return [...heard.values()].map(({ beat }) => beat);
    },
    forget: (node) => void heard.delete(node),
    close: () => subscription.unsubscribe(),
  };
}
