import type { OpsAnswer } from '@parley/infra/runtime/ops-answers';
import { contentTypeOf, readBroadcastPath } from '@parley/infra/voice/broadcast-file';
import { verifyWatch } from '@parley/infra/voice/watch-token';
import * as E from 'fp-ts/lib/Either.js';
import type { Broadcasts } from './broadcasts.js';

/** Answers gateways, who fetch files of broadcasts by the token of one of those who watch; undefined for any other path. */
export async function serveBroadcast(
  broadcasts: Pick<Broadcasts, 'file'>,
  key: Uint8Array,
  path: string,
  authorization: string | undefined,
): Promise<OpsAnswer | undefined> {
  const asked = readBroadcastPath(path);
  if (asked === undefined) return undefined;
  const { conversationId, call, name } = asked;
  const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '';
  const watch = await verifyWatch(key, token, Date.now());
  if (E.isLeft(watch) || watch.right.conversationId !== conversationId || watch.right.call !== call)
    return text(403, 'not for this broadcast');
  const file = await broadcasts.file(conversationId, call, name);
  return typeof file === 'string'
    ? text(404, file)
    : { status: 200, contentType: contentTypeOf(name), body: file };
}

const text = (status: number, body: string): OpsAnswer => ({ status, contentType: 'text/plain', body });
