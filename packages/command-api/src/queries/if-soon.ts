import { isDatabaseAway } from '@parley/infra/runtime/database-away';

/** What a question resolves with, or undefined where it takes longer than `within` ms or the database is away. */
export async function ifSoon<A>(asked: Promise<A>, within: number): Promise<A | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), within);
  });
  const answered = asked.catch((error: unknown) => {
    if (!isDatabaseAway(error)) throw error;
    return undefined;
  });
  return Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
