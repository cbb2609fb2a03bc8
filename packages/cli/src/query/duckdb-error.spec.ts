import { expect, it } from 'vitest';
import { exitCodes } from '../exit-codes.js';
import { explainDuckDb } from './duckdb-error.js';

const explained = (error: unknown) => expect(() => explainDuckDb(error));

it('names the process that has a cache', () => {
  const held = new Error(
    'IO Error: Could not set lock on file "/tmp/log.duckdb": Conflicting lock is held in /usr/bin/node (PID 4711). However, you …',
  );
  explained(held).toThrow(
    expect.objectContaining({
      exitCode: exitCodes.busy,
      message: '/tmp/log.duckdb is in use by process 4711: wait for it, or name another --cache',
    }),
  );
});

it('leaves what is no error of DuckDB as it is: a bug of ours keeps its stack', () => {
  const bug = new TypeError('undefined is not a function');
  explained(bug).toThrow(bug);
});
