import { lazy } from '../parts/lazy.js';

/** The picker and its names are as large as the rest of the page: they come when they are first wanted. */
export const EmojiPicker = lazy(() => import('./emoji-picker.js').then((part) => part.EmojiPicker));
