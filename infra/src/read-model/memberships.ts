/**
 * Redis set of a user's conversations, for sessions opened while Postgres is down. It says where to look; who may read
 * or hear is decided by the log.
 */
export const membershipsKey = (user: string): string => `memberships:${user}`;
