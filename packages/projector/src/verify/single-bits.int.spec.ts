import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { erased, full, ordinary } from '../testing/full-log.js';
import { type Builds, openBuilds } from '../testing/verify-fixture.js';
import { leftOut, tablesLeftOut } from './tables.js';
import type { Difference } from './verification.js';

type Column = { readonly table: string; readonly column: string; readonly type: string };

describe('a bit that fell over', { timeout: 60_000 }, () => {
  let builds: Builds;
  let beside: number;
  /** Of tables whose rows are of conversations, and of the others. */
  let ofConversations: readonly Column[];
  let ofPartitions: readonly Column[];

  beforeAll(async () => {
    builds = await openBuilds(1);
    const { rows } = await builds.pool.query<Column>(
      `select table_name as table, column_name as column, udt_name as type from information_schema.columns
       where table_schema = 'rm_1' order by table_name, ordinal_position`,
    );
    const compared = rows.filter(
      ({ table, column }) => !(table in tablesLeftOut) && leftOut[table]?.[column] === undefined,
    );
    const hasConversation = new Set(
      compared.flatMap(({ table, column }) => (column === 'conversation_id' ? [table] : [])),
    );
    hasConversation.delete('parked_conversation');
    ofConversations = compared.filter(({ table }) => hasConversation.has(table));
    ofPartitions = compared.filter(({ table }) => !hasConversation.has(table));

    for (const each of ofConversations) {
      const make = each.column === 'erased_at' ? erased : full;
      await builds.given(make(conversationFor(each)));
      await builds.moved(conversationFor(each), 'ben', 2, 1, 1_700_000_000_000);
      await builds.moved(conversationFor(each), 'ben', 3, 2, 1_700_000_000_007);
    }
    await builds.given(ordinary('with-a-hole', 3));
    const { last_seq } = (await builds.jsm.streams.info('CONV_00')).state;
    await builds.jsm.streams.deleteMessage('CONV_00', last_seq - 1, false);
    await builds.given(ordinary('parked', 2));
    for (const seq of [4, 5])
      await builds.js.publish('conv.00.parked', `{"type":"message.sung","seq":${seq}}`);
    await builds.given(ordinary('last', 1));
    await builds.project(1, 1_000);
    beside = await builds.beside();
    await builds.project(beside, 7);
  });
  afterAll(() => builds.close());

  /** Each column has a conversation of its own to fall over in. */
  const conversationFor = ({ table, column }: Column) => `${table}-${column}-a`.replaceAll('_', '-');

  /** The same value but for one bit. */
  const flipped: Readonly<Record<string, (column: string) => string>> = {
    text: (
      name,
    ) => `convert_from(set_byte(convert_to(${name}, 'UTF8'), length(convert_to(${name}, 'UTF8')) - 1,
      get_byte(convert_to(${name}, 'UTF8'), length(convert_to(${name}, 'UTF8')) - 1) # 1), 'UTF8')`,
    bytea: (name) => `set_byte(${name}, 0, get_byte(${name}, 0) # 1)`,
    int2: (name) => `(${name} # 1::smallint)`,
    int4: (name) => `(${name} # 1)`,
    // Next to a seq there is another.
    int8: (name) => `(${name} # ${['seq', 'participant'].includes(name) ? 1_048_576 : 1})`,
    bool: (name) => `not ${name}`,
    _int8: (name) => `${name}[1:3] || (${name}[4] # 1) || ${name}[5:]`,
  };

  async function flip(version: number, each: Column, where: string): Promise<void> {
    const { table, column, type } = each;
    const { rowCount } = await builds.pool.query(
      `update rm_${version}.${table} set ${column} = ${flipped[type]?.(column)}
       where ctid = (select ctid from rm_${version}.${table} where ${column} is not null and ${where} order by ctid limit 1)`,
    );
    expect(rowCount, `a value in ${table}.${column}`).toBe(1);
  }

  /** Does something to rows and takes it back. */
  async function undone(version: number, tables: readonly string[], run: () => Promise<void>): Promise<void> {
    const each = (sql: (table: string) => string) =>
      builds.pool.query([...new Set(tables)].map(sql).join('; '));
    await each((table) => `create table kept_${table} as table rm_${version}.${table}`);
    try {
      await run();
    } finally {
      await each((table) => `truncate rm_${version}.${table}`);
      await each((table) => `insert into rm_${version}.${table} select * from kept_${table}`);
      await each((table) => `drop table kept_${table}`);
    }
  }

  const flipAll = (version: number) => (): Promise<unknown> =>
    Promise.all(
      ofConversations.map((each) => flip(version, each, `conversation_id = '${conversationFor(each)}'`)),
    );

  /** A row whose key is another is missing, and there is one too many. */
  const isNamed = ({ table, column }: Column, differences: readonly Difference[]): boolean =>
    differences.some((each) => each.table === table && (each.column === undefined || each.column === column));

  it('is looked for in builds that are equal', async () => {
    expect(await builds.verify(beside)).toMatchObject({ verdict: 'equal', isVerified: true });
    expect(await builds.verify(1)).toMatchObject({ verdict: 'equal', isVerified: false, differences: [] });
  });

  it.each([
    ['by comparison with another build', 1],
    ['by the log', 'log'],
  ] as const)('is found and named in every column of a conversation, %s', async (_, against) => {
    const tables = ofConversations.map(({ table }) => table);
    await undone(beside, tables, async () => {
      await flipAll(beside)();
      const { verdict, differences } = await builds.verify(beside, { against });
      expect(verdict).toBe('wrong');
      const own = (each: Column) =>
        differences.filter(({ conversationId }) => conversationId === conversationFor(each));
      expect(ofConversations.filter((each) => !isNamed(each, own(each)))).toEqual([]);
    });
  });

  it('is found and named in every column of a partition', async () => {
    const missed: string[] = [];
    for (const each of ofPartitions) {
      await undone(beside, [each.table], async () => {
        // A receipt that is folded twice is one move more than it was, as any that was forgotten in the other build.
        await flip(beside, each, each.table === 'checkpoint' ? `projection = 'timeline'` : 'true');
        const { verdict, differences } = await builds.verify(beside);
        // Of a checkpoint that is at another place, what it makes a projector fold again is told, or what it makes it pass over.
        const isElsewhere = each.table === 'checkpoint' && ['partition', 'stream_seq'].includes(each.column);
        const isTold = isNamed(each, differences) || (isElsewhere && differences[0]?.table === 'checkpoint');
        if (verdict === 'equal' || !isTold) missed.push(`${each.table}.${each.column}`);
      });
    }
    expect(missed).toEqual([]);
  });

  it.each(['events', 'digest'])('is found in the %s of a partition by the log', async (column) => {
    const each = ofPartitions.find((one) => one.table === 'checkpoint' && one.column === column) as Column;
    await undone(1, ['checkpoint'], async () => {
      await flip(1, each, `projection = 'timeline'`);
      const { verdict, differences } = await builds.verify(1);
      expect({ verdict, isTold: isNamed(each, differences) }).toEqual({ verdict: 'wrong', isTold: true });
    });
  });

  it('is put down to the build in which it is', async () => {
    const body = ofConversations.find(
      ({ table, column }) => table === 'message' && column === 'body',
    ) as Column;
    await undone(1, ['message'], async () => {
      await flip(1, body, 'true');
      expect(await builds.verify(beside)).toMatchObject({ verdict: 'right', isVerified: true, differing: 1 });
      expect(await builds.verify(1, { against: beside })).toMatchObject({
        verdict: 'wrong',
        isVerified: false,
      });
    });
  });
});
