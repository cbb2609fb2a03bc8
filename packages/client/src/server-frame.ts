/** What a frame of the server holds: answers to requests of ours, and notifications. */
export type ServerMessage =
  | { readonly tag: 'result'; readonly id: number; readonly result: unknown }
  | { readonly tag: 'error'; readonly id: number | null; readonly error: unknown }
  | { readonly tag: 'notification'; readonly method: string; readonly params: unknown };

/** Reads a text frame; undefined when it is not JSON-RPC 2.0. What has an id nobody here gave is left out. */
export function readServerFrame(text: string): readonly ServerMessage[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const items = Array.isArray(json) ? json : [json];
  const messages: ServerMessage[] = [];
  for (const item of items) {
    if (typeof item !== 'object' || item === null) return undefined;
    const message = readMessage(item as Record<string, unknown>);
    if (message !== undefined) messages.push(message);
  }
  return messages;
}

function readMessage({
  id,
  method,
  params,
  result,
  error,
}: Record<string, unknown>): ServerMessage | undefined {
  if (typeof method === 'string') return { tag: 'notification', method, params };
  if (error !== undefined) return { tag: 'error', id: typeof id === 'number' ? id : null, error };
  return typeof id === 'number' ? { tag: 'result', id, result } : undefined;
}
