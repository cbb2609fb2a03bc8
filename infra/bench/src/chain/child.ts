import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type Child = {
  readonly pid: number;
  send(message: object): void;
  /** What the next message with this key holds under it. Ask before what leads to it. */
  hear<A>(key: string): Promise<A>;
  stop(): Promise<void>;
};

/** Starts a program of this folder in a process of its own. It ends by itself when its parent disconnects. */
export function startChild(program: string, env: Readonly<Record<string, string>> = {}): Child {
  const path = fileURLToPath(new URL(`./${program}.js`, import.meta.url));
  const child: ChildProcess = fork(path, { env: { ...process.env, ...env }, execArgv: [] });
  return {
    pid: child.pid as number,
    send: (message) => void child.send(message),
    hear: <A>(key: string) =>
      new Promise<A>((resolve, reject) => {
        const gone = (code: number | null): void =>
          reject(new Error(`${program} ended with ${code} before it said ${key}`));
        const onMessage = (message: unknown): void => {
          if (typeof message !== 'object' || message === null || !(key in message)) return;
          child.off('message', onMessage);
          child.off('exit', gone);
          resolve((message as Record<string, A>)[key] as A);
        };
        child.on('message', onMessage);
        child.once('exit', gone);
      }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
