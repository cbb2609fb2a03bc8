import { createHash } from 'node:crypto';

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
  body { max-width: 42rem; margin: 12vh auto; padding: 0 1.5rem; }
  h1 { font-weight: 650; letter-spacing: -0.02em; margin-bottom: 0.2rem; }
  p.lead { margin-top: 0; opacity: 0.75; }
  pre { padding: 1rem 1.2rem; border-radius: 0.6rem; background: color-mix(in srgb, currentColor 8%, transparent); overflow-x: auto; }
  code { font: 0.92em ui-monospace, monospace; }
  a { color: LinkText; }
`;

/** What a person sees in place of a web client that was not built: that the gateway runs, and how to talk through it. */
export const frontPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Parley</title>
<style>${STYLE}</style>
<h1>Parley runs here</h1>
<p class="lead">This is a gateway of an event-sourced messaging core. Its web client was not built: <code>npm run build</code> builds it.</p>
<p>In the folder it was started from, two people talk in two terminals:</p>
<pre><code>npx parley chat --as ann --with bob
npx parley chat --as bob --with ann</code></pre>
<p>Programs connect to the WebSocket <code>/v1/ws</code> of this address, subprotocol <code>parley.v1</code>, and speak JSON-RPC 2.0.
<code>npx parley token USER</code> signs a token for them.</p>
<p>For operators: <a href="/health">health</a>, <a href="/ready">readiness</a>, <a href="/metrics">metrics</a>.</p>
</html>
`;

/** Nothing but the page's own style may be loaded or run. */
export const frontPagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
