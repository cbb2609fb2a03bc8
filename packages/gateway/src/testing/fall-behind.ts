import type { ForeignClient } from '@parley/infra/testing/foreign-client';
import { waitFor } from '@parley/infra/testing/wait-for';

/** Bytes that wait for a reader: more than a sign of life waits behind, less than it is closed for. */
const BEHIND = 100_000;

/** Has so much sent to a client that does not read that it waits at the gateway. */
export async function fallBehind(client: ForeignClient, gatewayUrl: string): Promise<void> {
  await waitFor(
    async () => {
      if ((await gaugeOf(gatewayUrl, 'buffered_bytes')) >= BEHIND) return true;
      client.raw('{"jsonrpc":"2.0","id":"long","method":"conversation.list","params":{"limit":400000}}');
      return false;
    },
    { what: 'a reader who is behind', timeout: 20_000 },
  );
}

/** A number among the metrics of a gateway, all its labels together. */
export async function gaugeOf(gatewayUrl: string, name: string): Promise<number> {
  const metrics = await (await fetch(`${gatewayUrl}/metrics`)).text();
  const values = [...metrics.matchAll(new RegExp(`^parley_gateway_${name}(?:\\{.*\\})? (\\d+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}
