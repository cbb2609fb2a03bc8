import { refuse } from '@parley/domain/conversation/refusals';
import type { RpcClient } from '@parley/infra/rpc/client';
import type { RpcReply, RpcRequest } from '@parley/infra/rpc/protocol';
import type { Ask } from '@parley/infra/rpc/questions';
import type { GatewayMetrics } from './metrics.js';

/** Asking, measured. */
export function openAsk(rpc: RpcClient, metrics: GatewayMetrics): Ask {
  return async (request) => {
    const startedAt = performance.now();
    const reply = await call(rpc, request);
    metrics.rpcSeconds.observe(
      { method: request.method, outcome: reply.tag },
      (performance.now() - startedAt) / 1_000,
    );
    return reply;
  };
}

/** What was read by JSON.parse can be nested too deeply to be written by JSON.stringify, which throws then. */
async function call(
  rpc: RpcClient,
  request: RpcRequest & { readonly conversationId?: string },
): Promise<RpcReply> {
  try {
    return await rpc.call(request);
  } catch (error) {
    const refusal =
      error instanceof RangeError ? refuse('InvalidParams', 'nested too deeply') : refuse('InternalError');
    return { tag: 'refusal', refusal };
  }
}
