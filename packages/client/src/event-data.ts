import type { Body } from '@parley/domain/conversation/body';
import type { Role } from '@parley/domain/conversation/vocabulary';

/** What events say, by their types; the server has decoded it, so it is only named here. */
export type EventData = {
  /** Not there where it cannot be opened. */
  readonly title?: string;
  readonly ttl: number | null;
  readonly expiresAt: number | null;
  readonly reason: string;
  readonly members: readonly { readonly user: string; readonly role: Role }[];
  readonly users: readonly string[];
  readonly user: string;
  readonly role: Role;
  readonly seq: number;
  readonly body: Body | null;
  readonly ranges: readonly (readonly [number, number])[];
};
