import { connect, type ParleyClient } from '@parley/client/parley-client';
import { openBrowser } from '@parley/infra/testing/open-browser';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { testEnvironment } from '@parley/infra/testing/test-environment';
import type { Browser } from 'playwright-core';
import { type Line, openLine } from './line.js';
import { openWebPerson, type WebPerson, type WebPersonOptions } from './web-person.js';

/** The whole system, a browser, and people in it. */
export type WebStack = {
  readonly system: SystemProcesses;
  readonly browser: Browser;
  readonly web: string;
  person(user: string, options?: WebPersonOptions): Promise<WebPerson>;
  /** Somebody on a line of their own, which can be cut. */
  personOnLine(user: string): Promise<{ person: WebPerson; line: Line }>;
  /** Somebody without a page. */
  client(user: string): Promise<ParleyClient>;
  /** Closes pages, lines and clients: after each test. */
  clear(): Promise<void>;
  stop(): Promise<void>;
};

/** `flags` are the browser's. */
export async function startWebStack(...flags: readonly string[]): Promise<WebStack> {
  const environment = await testEnvironment();
  const system = await startSystem(environment, [], undefined, {
    PARLEY_LOCAL_SIGN_IN: 'on',
    PARLEY_LEGAL_HOLD: 'on',
  });
  const browser = await openBrowser(...flags);
  const web = system.ws.replace(/^ws/, 'http').replace('/v1/ws', '');
  const closers: (() => Promise<void> | void)[] = [];
  const clear = async (): Promise<void> => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  const personAt = async (url: string, user: string, options?: WebPersonOptions): Promise<WebPerson> => {
    const person = await openWebPerson(browser, url, user, options);
    closers.push(() => person.close());
    return person;
  };
  return {
    system,
    browser,
    web,
    person: (user, options) => personAt(web, user, options),
    async personOnLine(user) {
      const line = await openLine(new URL(web));
      closers.push(() => line.close());
      return { line, person: await personAt(line.url, user) };
    },
    async client(user) {
      const client = await connect({ url: system.ws, token: await system.token(user), device: 'd1' });
      closers.push(() => client.close());
      return client;
    },
    clear,
    async stop() {
      await clear();
      await browser.close();
      await system.stop();
      await environment.dispose();
    },
  };
}

/** A group of these people, made by the first client. */
export async function groupOf(
  owner: ParleyClient,
  title: string,
  members: readonly string[],
): Promise<string> {
  const conversationId = `g-${crypto.randomUUID()}`;
  await owner.call('conversation.create', { conversationId, kind: 'group', title, members });
  return conversationId;
}
