import type * as t from 'io-ts';
import { coreNotices } from './core-notices.js';
import { voiceNotices } from './voice.js';

/**
 * Everything a gateway says without being asked, by the JSON-RPC method that carries it. The socket's description and the
 * SDK read this table.
 */
export const notices = { ...coreNotices, ...voiceNotices } as const;

export type NoticeName = keyof typeof notices;
export type NoticeOf<N extends NoticeName> = t.TypeOf<(typeof notices)[N]>;
