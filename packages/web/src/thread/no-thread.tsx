import { Icon } from '../parts/icon.js';

/** What is beside the list while no conversation is open. */
export const NoThread = ({ onNew }: { readonly onNew: () => void }) => (
  <main class="no-thread">
    <img src="/favicon.svg" alt="" width="72" height="72" />
    <h2>Pick up where you left off</h2>
    <p>Choose a conversation, or press Ctrl K and type a few letters of its name.</p>
    <button type="button" class="button primary" onClick={onNew}>
      <Icon name="plus" />
      New conversation
    </button>
  </main>
);
