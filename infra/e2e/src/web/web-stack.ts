import { connect, type ParleyClient } from '@parley/client/parley-client';
import { openBrowser } from '@parley/infra/testing/open-browser';
import { type SystemProcesses, startSystem } from '@parley/infra/testing/system-processes';
import { testEnvironment } from '@parley/infra/testing/test-environment';
import type { Browser } from 'playwright-core';
import { type Line, openLine } from './line.js';
import { openWebPerson, type WebPerson, type WebPersonOptions } from './web-person.js';

/** The whole system, a browser, and people in it. */
export type WebStack = WebPeople & {
  readonly system: SystemProcesses;
  readonly browser: Browser;
  readonly web: string;
  /** People of their own, for a test beside which others run. */
  people(): WebPeople;
  stop(): Promise<void>;
};

export type WebPeople = {
  person(user: string, options?: WebPersonOptions): Promise<WebPerson>;
  /** Somebody on a line of their own, which can be cut. */
  personOnLine(user: string): Promise<{ person: WebPerson; line: Line }>;
  /** Somebody without a page. */
  client(user: string): Promise<ParleyClient>;
  /** Closes their pages, lines and clients: after each test. */
  clear(): Promise<void>;
};

/** `flags` are the browser's, `settings` the services'. */
export async function startWebStack(
  flags: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
): Promise<WebStack> {
  const environment = await testEnvironment();
  const own = { PARLEY_LOCAL_SIGN_IN: 'on', PARLEY_LEGAL_HOLD: 'on', ...settings };
  const [system, browser] = await Promise.all([
    startSystem(environment, [], undefined, own),
    openBrowser(...flags),
  ]);
  const web = system.ws.replace(/^ws/, 'http').replace('/v1/ws', '');
  const people = (): WebPeople => openPeople({ system, browser, web });
  const everyone = people();
  return {
    system,
    browser,
    web,
    ...everyone,
    people,
    async stop() {
      await everyone.clear();
      await browser.close();
      await system.stop();
      await environment.dispose();
    },
  };
}

function openPeople({ system, browser, web }: Pick<WebStack, 'system' | 'browser' | 'web'>): WebPeople {
  const closers: (() => Promise<void> | void)[] = [];
  const personAt = async (url: string, user: string, options?: WebPersonOptions): Promise<WebPerson> => {
    const person = await openWebPerson(browser, url, user, options);
    closers.push(() => person.close());
    return person;
  };
  return {
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
    async clear() {
      for (const close of closers.splice(0).toReversed()) await close();
    },
  };
}

/** A group of these people, or a channel, made by the first client. */
export async function groupOf(
  owner: ParleyClient,
  title: string,
  members: readonly string[],
  kind: 'group' | 'channel' = 'group',
): Promise<string> {
  const conversationId = `g-${crypto.randomUUID()}`;
  await owner.call('conversation.create', { conversationId, kind, title, members });
  return conversationId;
}
