import { gaugesIn } from '@parley/infra/runtime/gauges-in';
import type { NodeLoad } from '@parley/infra/voice/beat';
import { Counter, type Registry } from 'prom-client';

/** What became of a call here: it came, it was placed here anew, or it went to another node. */
export type WhyPlaced = 'opened' | 'raised' | 'moved';

export type NodeMetrics = { readonly placed: (why: WhyPlaced) => void };

/** @param load as of now; @param isHealthy whether calls are carried here as they should */
export function nodeMetrics(registry: Registry, load: () => NodeLoad, isHealthy: () => boolean): NodeMetrics {
  const gauge = gaugesIn(registry);
  gauge('voice_node_cpu_ratio', 'CPU of the busiest media worker, as a share of one core.', () => load().cpu);
  gauge('voice_node_memory_bytes', 'Resident memory of the node, without its workers.', () =>
    process.memoryUsage.rss(),
  );
  gauge(
    'voice_node_connections',
    'Participants whose media goes through the node.',
    () => load().participants,
  );
  gauge('voice_node_healthy', '1 if the node has workers and takes calls, 0 otherwise.', () =>
    isHealthy() ? 1 : 0,
  );
  const placements = new Counter({
    name: 'voice_placements_total',
    help: 'Calls that came to this node, were placed here anew, or went to another one.',
    labelNames: ['why'],
    registers: [registry],
  });
  return { placed: (why) => placements.inc({ why }) };
}
