import { randomUUID } from 'node:crypto';
import { signToken } from '@parley/infra/runtime/tokens';
import { askApi } from '@parley/infra/testing/ask-api';
import { TOKEN_SECRET } from './running-api.js';

const token = (sub: string, _scope?: string, expiresIn: number | string = '1h', did = 'd1') =>
  signToken(TOKEN_SECRET, { sub, did, expiresIn });

/** Asks a command-api over HTTP as a device of somebody. */
export const askAs = (
  [user, device]: readonly [user: string, device: string],
  verb: string,
  url: string,
  body: object = {},
) => askApi({ api: url, token }, verb, '', { user, device, ...(verb === 'GET' ? {} : { body }) });

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
