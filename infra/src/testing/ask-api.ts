import { randomUUID } from 'node:crypto';
import type { SystemProcesses } from './system-processes.js';

export type Asked = {
  readonly body?: unknown;
  /** ann, where nobody is named. */
  readonly user?: string;
  readonly device?: string;
  readonly scope?: string | undefined;
};

/** Asks command-api by HTTP, each time under a key of its own. */
export async function askApi(
  { api, token }: Pick<SystemProcesses, 'api' | 'token'>,
  verb: string,
  path: string,
  { body, user = 'ann', device, scope }: Asked = {},
): Promise<{ readonly status: number; readonly json: Record<string, unknown> }> {
  const response = await fetch(`${api}${path}`, {
    method: verb,
    headers: {
      authorization: `Bearer ${await token(user, scope, undefined, device)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      'idempotency-key': randomUUID(),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}
