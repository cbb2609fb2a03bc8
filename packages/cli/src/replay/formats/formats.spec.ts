import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { anyEvent } from '@parley/domain/testing/arbitraries';
import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withOutput } from '../../terminal/output.js';
import { eventColumns } from '../columns.js';
import { isFault, readStored, type Told } from '../logged.js';
import { type Format, openSink } from './open-sink.js';

const events = fc.array(anyEvent, { maxLength: 30 }).map((some): readonly Told[] =>
  some.map((event, index) => {
    const bytes = Buffer.from(JSON.stringify(event(index + 1)));
    const read = readStored(index % 3, index + 10, bytes);
    if (isFault(read)) throw new Error(read.reason);
    return read;
  }),
);

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parley-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function written(format: Format, told: readonly Told[]): Promise<string> {
  const chunks: Buffer[] = [];
  const write = async (chunk: string | Uint8Array) => chunks.push(Buffer.from(chunk)) > 0;
  const sink = openSink(format, { write }, false);
  for (let at = 0; at < told.length; at += 7) await sink.write(told.slice(at, at + 7));
  await sink.finish();
  return Buffer.concat(chunks).toString();
}

/** Rows of a file as DuckDB reads them, times as ISO 8601. */
async function rowsOf(table: string): Promise<{ types: string[]; rows: Record<string, unknown>[] }> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run("set timezone = 'UTC'");
  const columns = eventColumns.map((name) =>
    name === 'logged_at'
      ? 'epoch_ms(logged_at)::double logged_at'
      : /seq/.test(name)
        ? `${name}::double ${name}`
        : name,
  );
  const read = await connection.runAndReadAll(`select ${columns.join(', ')} from ${table}`);
  const described = await connection.runAndReadAll(`describe select * from ${table}`);
  const types = described.getRowObjects().map(({ column_type }) => String(column_type));
  connection.closeSync();
  instance.closeSync();
  return { types, rows: read.getRowObjects() };
}

const rowOf = ({ partition, streamSeq, event }: Told) => ({
  partition,
  stream_seq: streamSeq,
  conversation_id: event.conversationId,
  seq: event.seq,
  type: event.type,
  version: event.version,
  logged_at: event.at,
  actor: event.actor,
  command_id: event.commandId,
  data: JSON.parse(JSON.stringify(event.data)),
});
const parsed = (rows: readonly Record<string, unknown>[]) =>
  rows.map((row) => ({ ...row, data: JSON.parse(row.data as string) }));

describe('events as NDJSON', () => {
  it('are what the log has, a line each', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (told) => {
        const lines = (await written('ndjson', told)).split('\n');
        expect(lines.pop()).toBe('');
        expect(lines.map((line) => JSON.parse(line))).toStrictEqual(
          told.map(({ event }) => JSON.parse(JSON.stringify(event))),
        );
      }),
    );
  });

  it('are on one line where the log has several', async () => {
    const told = fc.sample(events, { numRuns: 20, seed: 5 }).flat()[0] as Told;
    const read = readStored(0, 1, Buffer.from(JSON.stringify(told.event, null, 2)));
    if (isFault(read)) throw new Error(read.reason);
    expect(await written('ndjson', [read])).toBe(`${JSON.stringify(told.event)}\n`);
  });
});

describe('events as CloudEvents', () => {
  it('are what the package takes for such, strictly, each under an id of its own', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (told) => {
        const lines = (await written('cloudevents', told)).split('\n').slice(0, -1);
        expect(lines).toHaveLength(told.length);
        for (const [index, line] of lines.entries()) {
          const json = JSON.parse(line);
          expect(() => new CloudEvent(json, true)).not.toThrow();
          const received = HTTP.toEvent({
            headers: { 'content-type': 'application/cloudevents+json' },
            body: line,
          }) as CloudEvent<unknown>;
          const { event } = told[index] as Told;
          expect(received).toMatchObject({
            specversion: '1.0',
            id: event.id,
            source: '/parley/conversations',
            type: `parley.${event.type}`,
            subject: event.conversationId,
            time: new Date(event.at).toISOString(),
            actor: event.actor,
          });
          expect(json.data).toStrictEqual(JSON.parse(JSON.stringify(event.data)));
          for (const name of Object.keys(json)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
        }
      }),
    );
  });
});

describe('events as rows', () => {
  it('are read back from CSV as they were', async () => {
    const path = join(directory, 'events.csv');
    for (const told of fc.sample(events, 8)) {
      await withOutput({ out: path, force: true }, async ({ write }) => write(await written('csv', told)));
      const { rows } = await rowsOf(`read_csv('${path}', header = true, types = {'data': 'varchar'})`).catch(
        (error: unknown) => {
          if (told.length === 0) return { rows: [] };
          throw error;
        },
      );
      expect(parsed(rows)).toMatchObject(told.map(rowOf).map(({ partition, version, ...row }) => row));
    }
  });

  it('begin in CSV with the names of their columns, also where there is none, and once', async () => {
    expect(await written('csv', [])).toBe(`${eventColumns.join(',')}\n`);
    const told = fc.sample(events, { numRuns: 20, seed: 5 }).flat();
    expect((await written('csv', told)).split('conversation_id').length).toBe(2);
    const chunks: string[] = [];
    const sink = openSink('csv', { write: async (chunk) => chunks.push(String(chunk)) > 0 }, true);
    await sink.write(told.slice(0, 1));
    await sink.finish();
    expect(chunks.join('')).not.toContain('conversation_id');
  });

  it('are read back from Parquet as they were, in their types, over several groups', async () => {
    const path = join(directory, 'events.parquet');
    const some = fc.sample(events, 60).flat();
    const many = Array.from({ length: 25_000 }, (_, index) => ({
      ...(some[index % some.length] as Told),
      streamSeq: index + 1,
    }));
    await withOutput({ out: path }, async (output) => {
      const sink = openSink('parquet', output, false);
      for (let at = 0; at < many.length; at += 999) await sink.write(many.slice(at, at + 999));
      await sink.finish();
    });
    const { rows, types } = await rowsOf(`'${path}'`);
    expect(types).toStrictEqual([
      'INTEGER',
      'BIGINT',
      'VARCHAR',
      'BIGINT',
      'VARCHAR',
      'INTEGER',
      'TIMESTAMP WITH TIME ZONE',
      'VARCHAR',
      'VARCHAR',
      'JSON',
    ]);
    expect(rows).toHaveLength(many.length);
    for (const from of [0, 9_990, 24_900])
      expect(parsed(rows.slice(from, from + 100))).toStrictEqual(many.slice(from, from + 100).map(rowOf));
  });

  it('are none in a Parquet file of nothing', async () => {
    const path = join(directory, 'events.parquet');
    await withOutput({ out: path }, (output) => openSink('parquet', output, false).finish());
    expect((await rowsOf(`'${path}'`)).rows).toStrictEqual([]);
  });
});
