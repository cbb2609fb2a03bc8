import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

/** Somebody who sits before the web client. */
export type WebPerson = {
  readonly page: Page;
  /** Errors the page ran into, and what its policy had to stop. */
  readonly troubles: string[];
  open(title: string): Promise<void>;
  say(text: string): Promise<void>;
  /** The message with this text. */
  message(text: string): Locator;
  /** Does something with a message by its menu. */
  choose(text: string, item: string): Promise<void>;
  close(): Promise<void>;
};

export type WebPersonOptions = BrowserContextOptions & {
  /** Signed in by name at once, unless false. */
  readonly signsIn?: boolean;
  /** Runs in the page before its own scripts. */
  readonly first?: () => void;
};

/** A window of its own, signed in by name as `npm start` prints it. */
export async function openWebPerson(
  browser: Browser,
  web: string,
  user: string,
  { signsIn = true, first, ...options }: WebPersonOptions = {},
): Promise<WebPerson> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  if (first !== undefined) await page.addInitScript(first);
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(error.stack ?? error.message));
  page.on('console', (message) => {
    // A line that breaks is told by the browser too; that is what some tests are about.
    if (message.type() === 'error' && !/WebSocket|ERR_CONNECTION|net::/.test(message.text()))
      troubles.push(message.text());
  });
  await page.goto(signsIn ? `${web}/#as=${user}` : web);
  const message = (text: string): Locator =>
    page.locator('.message').filter({ has: page.locator('.text, .emote-text').filter({ hasText: text }) });
  return {
    page,
    troubles,
    message,
    async open(title) {
      await page.locator('.conversation').filter({ hasText: title }).click();
      await page.locator('.thread-title h2').filter({ hasText: title }).waitFor();
    },
    async say(text) {
      const field = page.getByLabel('Message', { exact: true });
      await field.fill(text);
      await field.press('Enter');
    },
    async choose(text, item) {
      await message(text).hover();
      await message(text).getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    },
    close: () => context.close(),
  };
}
