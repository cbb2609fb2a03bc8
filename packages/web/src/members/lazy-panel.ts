import { lazy } from '../parts/lazy.js';

export const MembersPanel = lazy(() => import('./members-panel.js').then((part) => part.MembersPanel));
