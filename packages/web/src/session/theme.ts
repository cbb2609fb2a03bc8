import { createValue } from '../parts/value.js';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'parley.theme';
const stored = localStorage.getItem(KEY);

export const theme = createValue<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system');

/** Puts the theme on the page and keeps it for the next time. */
export function applyTheme(): void {
  const chosen = theme.snapshot();
  document.documentElement.dataset.theme = chosen;
  if (chosen === 'system') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, chosen);
}

theme.subscribe(applyTheme);
