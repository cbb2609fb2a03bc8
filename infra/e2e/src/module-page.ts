import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

export type ModulePage = {
  readonly url: string;
  close(): void;
};

/**
 * Serves an empty page that loads a module in one file, as an application would, and has what it exports as `sdk`. It is of its own origin, which is a secure
 * one: there are Web Locks, microphones and cameras.
 *
 * @param module URL of a file
 */
export async function serveModule(module: string): Promise<ModulePage> {
  const code = await bundle(fileURLToPath(module));
  const server = createServer(({ url }, answer) => {
    answer.setHeader('content-type', url === '/sdk.js' ? 'text/javascript' : 'text/html');
    answer.end(url === '/sdk.js' ? code : HTML);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => void server.close(),
  };
}

async function bundle(input: string): Promise<string> {
  const build = await rolldown({ input, platform: 'browser' });
  const { output } = await build.generate({ format: 'esm', codeSplitting: false });
  await build.close();
  return output[0].code;
}

const HTML = `<!doctype html><title>a page</title>
<script type="module">import * as sdk from '/sdk.js'; globalThis.sdk = sdk;</script>`;
