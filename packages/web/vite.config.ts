import { defineConfig } from 'vite';
import { compressed } from './build/compressed.ts';
import { emojiList } from './build/emoji-list.ts';

/** The stack that `vite dev` talks to; the gateway's own address when it serves what was built. */
const gateway =
  process.env.PARLEY_URL?.replace(/^ws/, 'http').replace(/\/v1\/ws$/, '') ?? 'http://127.0.0.1:8080';

export default defineConfig({
  // Packages are read from their sources: the compiler need not have run.
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  plugins: [emojiList(), compressed()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist/site',
    target: 'es2023',
    // Every image is a file: the policy allows data: for them alone, and styles stay small.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    // Signing in by name is for pages of the gateway's own origin: this is one, to it.
    proxy: { '/v1': { target: gateway, ws: true, changeOrigin: true, headers: { origin: gateway } } },
  },
});
