import { randomUUID } from 'node:crypto';
import { signToken } from '@parley/infra/runtime/tokens';
import { TOKEN_SECRET } from './running-api.js';

export type Reply = { readonly status: number; readonly json: Readonly<Record<string, unknown>> };

/** Asks a command-api over HTTP as a device of somebody. */
export async function askAs(
  [user, device]: readonly [user: string, device: string],
  verb: string,
  url: string,
  body: object = {},
): Promise<Reply> {
  const token = await signToken(TOKEN_SECRET, { sub: user, did: device, expiresIn: '1h' });
  const json = JSON.stringify({ commandId: randomUUID(), ...body });
  const response = await fetch(url, {
    method: verb,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(verb === 'GET' ? {} : { body: json }),
  });
  return { status: response.status, json: (await response.json()) as Reply['json'] };
}

/** The seq of the event that a command made. */
export async function doAs(...asked: Parameters<typeof askAs>): Promise<number> {
  const { status, json } = await askAs(...asked);
  if (status !== 200) throw new Error(`${asked[2]}: ${JSON.stringify(json)}`);
  return json.seq as number;
}

/** Ann's group with Bob, where Ann has started a call on her phone. */
export async function called(url: string) {
  const conversationId = `g-${randomUUID()}`;
  await doAs(['ann', 'phone'], 'POST', `${url}/v1/conversations`, {
    conversationId,
    kind: 'group',
    members: ['bob'],
  });
  const path = `/v1/conversations/${conversationId}/calls`;
  return { conversationId, path, call: await doAs(['ann', 'phone'], 'POST', url + path, { media: 'voice' }) };
}
