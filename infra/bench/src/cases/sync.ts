import type { NewestPageResources } from '@parley/command-api/queries/newest-page';
import { SessionSync, SessionSyncHandler } from '@parley/command-api/queries/session-sync';
import { migrate } from '@parley/infra/read-model/migrate';
import { isLeft } from 'fp-ts/lib/Either.js';
import pg from 'pg';
import { type Case, type Figure, median } from '../case.js';
import { type Account, openAccounts } from '../chain/accounts.js';
import { opensPlain } from '../chain/bench-vault.js';
import { inTurn } from '../percentiles.js';
import { withStack } from '../with-stack.js';

const CHANGED = 10;
const TARGET = 1.5;
const ROUNDS = 5;

/** session.sync of accounts of very different sizes in which as much has changed. */
export const sync: Case = {
  name: 'sync',
  about:
    'session.sync of accounts of 10, 1,000 and 10,000 conversations of which 10 have changed since the token, without the wait for rows that are behind',
  async run({ quick, say }) {
    const sizes = quick ? [10, 100, 1_000] : [10, 1_000, 10_000];
    const times = quick ? 100 : 500;
    return withStack(false, async (stack) => {
      await migrate(stack.database);
      const pool = new pg.Pool({ connectionString: stack.database, max: 4 });
      const handler = new SessionSyncHandler({
        database: pool,
        schema: async () => 'rm_1',
        now: Date.now,
        caughtUp: async () => 0,
        vault: opensPlain,
      } as unknown as NewestPageResources);
      const page = async (user: string, since?: string, after?: string) => {
        const params = { limit: 200, ...(since && { since }), ...(after && { after }) };
        const answer = await handler.execute(new SessionSync(user, params));
        if (isLeft(answer)) throw new Error(JSON.stringify(answer.left));
        return answer.right;
      };
      /** All pages; how many conversations they had. */
      const whole = async (user: string, since?: string): Promise<number> => {
        let told = 0;
        for (let after: string | undefined, hasMore = true; hasMore; ) {
          const answer = await page(user, since, after);
          told += answer.conversations.length;
          ({ nextCursor: after, hasMore } = answer);
        }
        return told;
      };

      const projected = await openAccounts(stack.database);
      const accounts: { account: Account; token: string }[] = [];
      for (const size of sizes) {
        say(`an account of ${size.toLocaleString('en')} conversations`);
        accounts.push({ account: await projected.make(`me-${size}`, size), token: '' });
      }
      await projected.pass();
      await pool.query('vacuum analyze');
      for (const each of accounts) each.token = (await page(each.account.user)).token;
      for (const { account } of accounts) await projected.change(account, CHANGED);

      const reads = [
        ...accounts.map(({ account, token }) => expecting(CHANGED, () => whole(account.user, token))),
        ...accounts
          .slice(-1)
          .map(({ account }) => expecting(200, async () => (await page(account.user)).conversations.length)),
      ];
      await inTurn(reads, 30);
      const rounds: (readonly number[])[] = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await medians(reads, times / ROUNDS));
      const at = (which: number) => median(rounds.map((each) => each[which] as number));

      const largest = accounts.at(-1) as { account: Account; token: string };
      const many = Math.min(1_000, largest.account.conversations.length / 2);
      await projected.change(largest.account, many);
      const much = await medians([expecting(many, () => whole(largest.account.user, largest.token))], 20);
      // The token of this moment is of the window in which those changed: they are looked at, and nothing is told.
      const { token } = await page(largest.account.user);
      const idle = await medians([expecting(0, () => whole(largest.account.user, token))], 100);

      await projected.close();
      await pool.end();
      return sizes.slice(1).map((size, index): Figure => {
        const ratio = median(rounds.map((each) => (each[index + 1] as number) / (each[0] as number)));
        const isLast = index === sizes.length - 2;
        return {
          name: `session.sync, 10 changed of ${size.toLocaleString('en')}, p50`,
          unit: 'ms',
          ours: at(index + 1),
          ceiling: at(0),
          ratio,
          target: `<= ${TARGET} times that of 10 of 10`,
          met: ratio <= TARGET,
          ...(isLast
            ? {
                note: `first page of a full answer ${at(sizes.length).toFixed(1)} ms; ${many.toLocaleString('en')} changed ${(much[0] as number).toFixed(1)} ms; nothing changed, ${many.toLocaleString('en')} active in the token's window ${(idle[0] as number).toFixed(1)} ms`,
              }
            : {}),
        };
      });
    });
  },
};

const expecting = (wanted: number, read: () => Promise<number>) => async (): Promise<void> => {
  const told = await read();
  if (told !== wanted) throw new Error(`${told} conversations were told instead of ${wanted}`);
};

async function medians(reads: readonly (() => Promise<void>)[], times: number): Promise<readonly number[]> {
  return (await inTurn(reads, times)).map((each) => each.at(50));
}
