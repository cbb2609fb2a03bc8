import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@parley/client/parley-client';
import { openBrowser } from '@parley/infra/testing/open-browser';
import type { SystemProcesses } from '@parley/infra/testing/system-processes';
import type { Browser } from 'playwright-core';
import { serveModule } from '../module-page.js';
import { type CallPerson, openCallPerson } from './call-person.js';
import { writeSpeech } from './speech-file.js';

/** A browser whose microphone speaks and whose camera shows something, and people in it. */
export type CallScene = {
  readonly browser: Browser;
  /** Somebody in a page of their own; `ws`: by another gateway. */
  person(user: string, ws?: string): Promise<CallPerson>;
  /** A group of these people. */
  group(...users: readonly string[]): Promise<string>;
  /** A channel of these people, whom nobody hears but one who is none of them. */
  channel(...users: readonly string[]): Promise<string>;
  setRole(conversationId: string, user: string, role: 'admin' | 'member'): Promise<void>;
  /** One more in a group. */
  join(conversationId: string, user: string): Promise<void>;
  /** Puts somebody out of a group for good. */
  ban(conversationId: string, user: string): Promise<void>;
  /** Closes all pages. */
  clear(): Promise<void>;
  close(): Promise<void>;
};

/** Small pictures, few of them: what is tested is that they come. */
const FLAGS = [
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream=fps=5',
  '--allow-loopback-in-peer-connection',
  '--autoplay-policy=no-user-gesture-required',
  '--auto-select-desktop-capture-source=Entire screen',
];

/** On a system that runs. */
export async function openCallScene(system: Pick<SystemProcesses, 'ws' | 'token'>): Promise<CallScene> {
  const directory = await mkdtemp(join(tmpdir(), 'parley-calls-'));
  const speech = join(directory, 'speech.wav');
  await writeSpeech(speech);
  const browser = await openBrowser(...FLAGS, `--use-file-for-fake-audio-capture=${speech}`);
  const site = await serveModule(import.meta.resolve('@parley/client/testing/voice-entry'));
  const owner = await connect({ url: system.ws, token: await system.token('owner'), device: 'd1' });
  const people: CallPerson[] = [];
  const clear = async (): Promise<void> => {
    await Promise.all(people.splice(0).map((each) => each.close()));
  };
  async function create(kind: 'group' | 'channel', members: readonly string[]): Promise<string> {
    const conversationId = `${kind[0]}-${crypto.randomUUID()}`;
    await owner.call('conversation.create', { conversationId, kind, members: [...members] });
    return conversationId;
  }
  return {
    browser,
    clear,
    async person(user, ws = system.ws) {
      const token = await system.token(user);
      const person = await openCallPerson(browser, { site: site.url, ws, user, token });
      people.push(person);
      return person;
    },
    group: (...members) => create('group', members),
    channel: (...members) => create('channel', members),
    async setRole(conversationId, user, role) {
      await owner.call('member.setRole', { conversationId, user, role });
    },
    async join(conversationId, user) {
      await owner.call('member.add', { conversationId, users: [user] });
    },
    async ban(conversationId, user) {
      await owner.call('member.ban', { conversationId, user });
    },
    async close() {
      await clear();
      await owner.close();
      site.close();
      await browser.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
