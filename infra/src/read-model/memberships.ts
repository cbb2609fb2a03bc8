/**
 * Redis set of a user's conversations, for sessions opened while Postgres is down. It says where to look; who may read
 * or hear is decided by the log.
 */
export const membershipsKey = (schema: string, user: string): string => `memberships:${schema}:${user}`;

/** Keys of all sets of a build. */
export const membershipsOf = (schema: string): string => `memberships:${schema}:*`;
