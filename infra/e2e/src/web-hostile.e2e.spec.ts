import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { groupOf, startWebStack, type WebStack } from './web/web-stack.js';

let stack: WebStack;

beforeAll(async () => {
  stack = await startWebStack();
});
afterEach(() => stack.clear());
afterAll(() => stack?.stop());

const hostile = [
  '<script>globalThis.hacked = 1</script>',
  '<img src=x onerror="globalThis.hacked = 2">',
  '<svg onload="globalThis.hacked = 3"><style>*{display:none}</style>',
  'javascript:globalThis.hacked=4',
  '[click](javascript:globalThis.hacked=5)',
  'JaVaScRiPt://example.org/%0aglobalThis.hacked=6',
  'data:text/html,<script>parent.hacked=7</script>',
  '```html\n<script>globalThis.hacked = 8</script>\n```',
  '`<iframe srcdoc="<script>parent.hacked=9</script>">`',
  '{{constructor.constructor("globalThis.hacked=10")()}} ',
  '\u202e\u2066moc.live//:sptth\u2069 https://example.org/\u202egpj.exe',
  `${'a'.repeat(3_000)}${'\u0300'.repeat(500)}`,
  '&lt;b&gt; &amp; \u0007 __proto__ constructor',
];

describe('what somebody types', () => {
  it('is shown as it is and runs nothing, wherever it is shown', async () => {
    const owner = await stack.client('eve');
    const title = '<img src=x onerror="globalThis.hacked=20">';
    const conversationId = await groupOf(owner, title, ['ann']);
    const first = await owner.send(conversationId, { text: hostile[1] as string });
    for (const text of hostile) await owner.send(conversationId, { text, replyTo: first.seq });
    await owner.send(conversationId, { text: '<b onclick=alert(1)>waves', emote: true });
    await owner.call('message.react', {
      conversationId,
      seq: first.seq,
      emoji: '<script>hacked=21</script>',
    });

    const ann = await stack.person('ann');
    await ann.page.evaluate(() => {
      const found = globalThis as { violations?: string[] };
      found.violations = [];
      addEventListener('securitypolicyviolation', ({ blockedURI }) => found.violations?.push(blockedURI));
    });
    await ann.open(title);
    await ann.message('waves').waitFor();
    await ann.page.getByRole('button', { name: 'About this conversation' }).click();
    await ann.page.locator('.panel-title').getByText(title).waitFor();

    const state = await ann.page.evaluate(() => ({
      hacked: (globalThis as { hacked?: number }).hacked,
      violations: (globalThis as { violations?: string[] }).violations,
      foreign: document.querySelectorAll('.messages :is(img, script, style, iframe, b, svg:not(.icon))')
        .length,
      schemes: [...document.querySelectorAll('.messages a')].map(
        (link) => (link as HTMLAnchorElement).protocol,
      ),
      wide: document.documentElement.scrollWidth > innerWidth,
    }));
    expect(state).toMatchObject({ hacked: undefined, violations: [], foreign: 0, wide: false });
    for (const scheme of state.schemes) expect(scheme).toMatch(/^(?:https?|mailto):$/);
    expect(ann.troubles).toEqual([]);
  });

  it('could not run if it got into the page: the policy stops it', async () => {
    const ann = await stack.person('ann');
    await ann.page.locator('.list-pane').waitFor();
    const stopped = await ann.page.evaluate(async () => {
      // What a debugger runs may evaluate; what a timer runs may not.
      await new Promise((resolve) => setTimeout(resolve));
      const script = document.createElement('script');
      const tries = [
        () => document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="globalThis.hacked=1">'),
        () => new Function('globalThis.hacked = 2')(),
        () => {
          script.text = 'globalThis.hacked = 3';
          document.body.append(script);
        },
      ];
      return tries.map((attempt) => {
        try {
          attempt();
          return 'ran';
        } catch (error) {
          return (error as Error).name;
        }
      });
    });
    expect(stopped).not.toContain('ran');
    expect(await ann.page.evaluate(() => (globalThis as { hacked?: number }).hacked)).toBeUndefined();
  });

  it('of 64 KiB is folded, and unfolds', async () => {
    const owner = await stack.client('eve');
    const conversationId = await groupOf(owner, 'Long', ['ann']);
    await owner.send(conversationId, { text: 'lorem ipsum '.repeat(5_400) });
    const ann = await stack.person('ann');
    await ann.open('Long');
    const text = ann.page.locator('.message .text');
    expect((await text.textContent())?.length).toBeLessThan(2_500);
    await ann.page.getByRole('button', { name: 'Show all' }).click();
    await ann.page.getByRole('button', { name: 'Show less' }).waitFor();
    expect((await text.textContent())?.length).toBeGreaterThan(60_000);
  });

  it('of many short lines is folded, and unfolds', async () => {
    const owner = await stack.client('eve');
    const conversationId = await groupOf(owner, 'Tall', ['ann']);
    await owner.send(conversationId, {
      text: Array.from({ length: 80 }, (_, line) => `row ${line}`).join('\n'),
    });
    const ann = await stack.person('ann');
    await ann.open('Tall');
    const text = ann.page.locator('.message .text');
    expect(await text.textContent()).not.toContain('row 79');
    await ann.page.getByRole('button', { name: 'Show all' }).click();
    expect(await text.textContent()).toContain('row 79');
  });
});
