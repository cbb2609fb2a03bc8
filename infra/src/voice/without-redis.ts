import type { NatsConnection } from '@nats-io/transport-node';
import { chooseNode } from '../rpc/rendezvous.js';
import type { Heard } from './heard.js';
import type { Placement } from './protocol.js';
import { askNode } from './questions.js';

/** Milliseconds that one node has to answer. */
const ASK_MS = 500;

/** Where a call is while Redis is away: the nodes that are heard are asked. */
export type WithoutRedis = {
  /** The node that carries the call, the newest where two do: they may have been given it while they did not hear of each other. */
  find(conversationId: string, call: number, except: readonly string[]): Promise<Placement | undefined>;
  /** Gives the call to a node, under a fence above that one; undefined when none takes it. */
  place(
    conversationId: string,
    call: number,
    above: number,
    except: readonly string[],
  ): Promise<Placement | undefined>;
};

export function openWithoutRedis(nats: NatsConnection, heard: Heard): WithoutRedis {
  return {
    async find(conversationId, call, except) {
      const asked = await Promise.all(
        heard
          .nodes()
          .filter(({ node }) => !except.includes(node))
          .map(({ node }) => askNode(nats, node, { method: 'node.find', conversationId, call }, ASK_MS)),
      );
      const carried = asked.flatMap((each) =>
        each.tag === 'answer' && each.result.placement !== undefined ? [each.result.placement] : [],
      );
      return carried.sort((a, b) => b.fence - a.fence)[0];
    },
    async place(conversationId, call, above, except) {
      const takers = new Set(
        heard.nodes().flatMap(({ node, state }) => (state === 'ready' && !except.includes(node) ? node : [])),
      );
      for (;;) {
        const node = chooseNode(takers, `${conversationId}/${call}`);
        if (node === undefined) return undefined;
        const question = { method: 'node.place', conversationId, call, above, except } as const;
        const asked = await askNode(nats, node, question, ASK_MS);
        if (asked.tag === 'answer') return asked.result.placement;
        takers.delete(node);
        if (asked.tag === 'nobody') heard.forget(node);
      }
    },
  };
}
