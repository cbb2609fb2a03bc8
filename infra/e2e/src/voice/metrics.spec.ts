import { readFile } from 'node:fs/promises';
import { voiceMetrics } from '@parley/gateway/voice/voice-metrics';
import { createMetrics } from '@parley/infra/runtime/metrics';
import { nodeMetrics } from '@parley/sfu/node/metrics';
import { mediaMetrics } from '@parley/sfu/room/media-metrics';
import { describe, expect, it } from 'vitest';

const page = await readFile(new URL('../../../../docs/voice.md', import.meta.url), 'utf8');
const rows = page
  .slice(page.indexOf('| what | at gateways | at SFU nodes |'))
  .split('\n\n', 1)
  .flatMap((table) => table.split('\n').map((row) => row.split('|')));

/** The series that a column of the table names. */
const named = (column: number): readonly string[] =>
  rows.flatMap((cells) =>
    [...(cells[column] ?? '').matchAll(/`(voice_\w+)/g)].map(([, name]) => name as string),
  );

function counted(count: (registry: ReturnType<typeof createMetrics>) => void): readonly string[] {
  const registry = createMetrics('test');
  count(registry);
  return registry.getMetricsAsArray().flatMap(({ name }) => (name.startsWith('voice_') ? name : []));
}

describe('docs/voice.md', () => {
  it('names each series of calls that a gateway has, once, and no other', () => {
    const those = counted((registry) => voiceMetrics(registry, { calls: () => 0, places: () => 0 }));
    expect(named(2).toSorted()).toEqual(those.toSorted());
  });

  it('names each that an SFU node has, once, and no other', () => {
    const load = { cpu: 0, consumers: 0, participants: 0, calls: 0, bitrate: 0 };
    const those = counted((registry) => {
      mediaMetrics(registry);
      nodeMetrics(
        registry,
        () => load,
        () => true,
      );
    });
    expect(named(3).toSorted()).toEqual(those.toSorted());
  });
});
