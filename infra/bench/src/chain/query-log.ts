import { ask } from '@parley/cli/query/ask';
import { defaultMemory } from '@parley/cli/query/database';
import { loadDuckDb } from '@parley/cli/query/duckdb';
import { sourceOfCache, sourceOfLog } from '@parley/cli/query/source';
import { openLog } from '@parley/cli/terminal/log-access';

/**
 * Asks the whole log, in a process of its own. Environment: NATS_URL, and CACHE for a file that keeps it. Says `{took: {ms, askMs, events,
 * peakMb}}` to its parent: until it is loaded, and a question to the messages after that.
 */
const { NATS_URL, CACHE } = process.env as Record<string, string>;
const QUESTION = 'select count(*), count(distinct author), sum(ordinal) from messages';

const duckdb = await loadDuckDb();
const startedAt = performance.now();
const log = await openLog(NATS_URL as string);
const { signal } = new AbortController();
const asking = { duckdb, question: QUESTION, memory: defaultMemory(), signal, progress: () => undefined };
const { connection } = await (CACHE
  ? sourceOfCache(asking, log, CACHE, () => undefined)
  : sourceOfLog(asking, log, {}));
const ms = performance.now() - startedAt;
const askedAt = performance.now();
await (await ask(duckdb, connection, QUESTION, signal)).getRowsJson();
const askMs = performance.now() - askedAt;
const counted = await connection.runAndReadAll('select count(*) from events');
const events = Number(counted.getRowsJson()[0]?.[0]);
const peakMb = process.resourceUsage().maxRSS / 1_024;
process.send?.({ took: { ms, askMs, events, peakMb } }, () => process.exit(0));
