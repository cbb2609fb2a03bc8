import { randomUUID } from 'node:crypto';
import { signToken } from '@parley/infra/runtime/tokens';

/** Somewhere to ask: a command-api, and a token it takes. */
export type Api = { readonly url: string; readonly token: string };

export type Asked = { readonly status: number; readonly json: Readonly<Record<string, unknown>> };

/** Of `ann`, good for the test. */
export const apiAt = async (url: string, secret: Uint8Array): Promise<Api> => ({
  url,
  token: await signToken(secret, { sub: 'ann', did: 'd1', expiresIn: '1d' }),
});

export async function ask({ url, token }: Api, verb: string, path: string, body?: unknown): Promise<Asked> {
  const response = await fetch(`${url}/v1${path}`, {
    method: verb,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(verb === 'GET' ? {} : { 'idempotency-key': randomUUID() }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Asked['json'] };
}

export type Talking = {
  /** What was answered otherwise than it should. */
  readonly failures: readonly string[];
  /** Requests that were answered. */
  readonly answered: number;
  /** Goes on at these alone. */
  moveTo(apis: readonly Api[]): void;
  /** Only reads from now on. */
  listen(): void;
  stop(): Promise<void>;
};

/**
 * Talks and reads without a pause until it is stopped: one loop for each of these conversations, each request at another of the places, so that
 * all of them see messages sent, replied to, edited, deleted and read.
 */
export function talk(conversations: readonly string[], apis: readonly Api[]): Talking {
  const failures: string[] = [];
  let [places, answered, isTalking, isListening] = [apis, 0, true, false];
  const loops = conversations.map(loop);

  async function loop(conversationId: string, index: number): Promise<void> {
    const ours: number[] = [];
    const path = `/conversations/${conversationId}`;
    // Of late, so that the newest page has messages with replies.
    const some = (turn: number) => ours.at(-1 - ((turn * 7) % Math.min(ours.length, 10)));
    for (let turn = index; isTalking; turn++) {
      const api = places[turn % places.length] as Api;
      const kind = isListening ? 'read' : (DEEDS[turn % DEEDS.length] as (typeof DEEDS)[number]);
      const target = some(turn);
      const body = { body: { kind: 'text', text: `${turn}` } };
      if (kind === 'read') await see(api, 'GET', `${path}/messages`);
      else if (kind === 'list') await see(api, 'GET', '/conversations');
      else if (kind === 'send' || target === undefined) ours.push(await send(api, path, body));
      else if (kind === 'reply') ours.push(await send(api, path, { ...body, replyTo: target }));
      else if (kind === 'edit') await see(api, 'PUT', `${path}/messages/${target}`, body);
      else if (kind === 'delete') {
        ours.splice(ours.indexOf(target), 1);
        await see(api, 'DELETE', `${path}/messages/${target}`);
      }
    }
  }

  async function send(api: Api, path: string, body: unknown): Promise<number> {
    return Number((await see(api, 'POST', `${path}/messages`, body))?.seq);
  }

  async function see(api: Api, verb: string, path: string, body?: unknown) {
    try {
      const { status, json } = await ask(api, verb, path, body);
      if (status === 200) answered++;
      else failures.push(`${verb} ${path}: ${status} ${JSON.stringify(json)}`);
      return json;
    } catch (error) {
      failures.push(`${verb} ${path}: ${(error as Error).message}`);
      return undefined;
    }
  }

  return {
    failures,
    get answered() {
      return answered;
    },
    moveTo(next) {
      places = next;
    },
    listen() {
      isListening = true;
    },
    async stop() {
      isTalking = false;
      await Promise.all(loops);
    },
  };
}

const DEEDS = [
  'send',
  'read',
  'reply',
  'reply',
  'read',
  'edit',
  'list',
  'reply',
  'read',
  'delete',
  'read',
] as const;
