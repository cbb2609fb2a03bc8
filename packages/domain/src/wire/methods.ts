import type * as t from 'io-ts';
import { coreMethods, type Method } from './core-methods.js';
import { voiceMethods } from './voice.js';

/**
 * Every method of the wire. HTTP, NATS, the socket, OpenAPI and the SDK all read this table. The commands by which messages
 * expire and are taken out of the log are not in it: only the system issues those.
 */
export const methods = { ...coreMethods, ...voiceMethods } as const satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;
export type ParamsOf<M extends MethodName> = t.TypeOf<(typeof methods)[M]['params']>;
export type ResultOf<M extends MethodName> = t.TypeOf<(typeof methods)[M]['result']>;

export const isMethodName = (name: string): name is MethodName => Object.hasOwn(methods, name);
