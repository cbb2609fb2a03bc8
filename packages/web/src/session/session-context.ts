import type { ParleyClient } from '@parley/client/parley-client';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { LazyCalls } from '../call/lazy-calls.js';

/** The client of the person who is signed in, their calls, and how they sign out. */
export type SessionContext = {
  readonly client: ParleyClient;
  readonly calls: LazyCalls;
  signOut(): void;
};

const context = createContext<SessionContext | undefined>(undefined);

export const SessionProvider = context.Provider;

export function useSession(): SessionContext {
  const session = useContext(context);
  if (session === undefined) throw new Error('nobody is signed in here');
  return session;
}
