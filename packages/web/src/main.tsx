import '@fontsource-variable/figtree/wght.css';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import { render } from 'preact';
import { App } from './app.js';
import { applyTheme } from './session/theme.js';

applyTheme();
// What is dropped beside the field must not take the page away.
for (const type of ['dragover', 'drop']) addEventListener(type, (event) => event.preventDefault());
render(<App />, document.getElementById('app') as HTMLElement);
