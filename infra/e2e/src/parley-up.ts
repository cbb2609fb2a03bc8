import { type CliProcess, startCli } from '@parley/infra/testing/cli-process';
import { waitFor } from '@parley/infra/testing/wait-for';

export type Endpoints = Readonly<
  Record<'web' | 'ws' | 'api' | 'token' | 'nats' | 'database' | 'redis', string>
>;

/** What `npm start` starts once everything is built: servers and services in a home; `ready` by the line that says where they are. */
export function parleyUp(home: string): { readonly run: CliProcess; readonly ready: Promise<Endpoints> } {
  const run = startCli(['up', '--json'], { PARLEY_HOME: home });
  const ready = waitFor(() => /^ready (\{.*\})$/m.exec(run.output.out)?.[1], {
    what: 'the ready line',
    timeout: 90_000,
  });
  return { run, ready: ready.then((line) => JSON.parse(line) as Endpoints) };
}
