import { useId, useState } from 'preact/hooks';
import { Dialog } from '../parts/dialog.js';
import { sayWhy } from '../parts/toasts.js';
import { goTo } from '../session/address.js';
import { useSession } from '../session/session-context.js';

type EraseDialogProps = {
  readonly conversationId: string;
  readonly title: string;
  readonly onClose: () => void;
};

/** Asks, by having its name typed, whether a conversation is to be erased. */
export function EraseDialog({ conversationId, title, onClose }: EraseDialogProps) {
  const { client } = useSession();
  const [typed, setTyped] = useState('');
  const [isBusy, setBusy] = useState(false);
  const field = useId();
  const isSame = typed.trim() === title.trim();
  return (
    <Dialog title="Erase this conversation" isNarrow onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isSame || isBusy) return;
          setBusy(true);
          client.erase(conversationId).then(
            () => goTo(undefined),
            (error: unknown) => {
              setBusy(false);
              sayWhy(error);
            },
          );
        }}
      >
        <p>
          Its messages are destroyed for everyone and for good, in backups too. Nobody can bring them back.
        </p>
        <div class="field">
          <label for={field}>
            Type <bdi class="to-type">{title}</bdi> to go on
          </label>
          <input
            id={field}
            class="input"
            autoComplete="off"
            spellcheck={false}
            dir="auto"
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </div>
        <div class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" class="button destroy" disabled={!isSame || isBusy}>
            Erase for everyone
          </button>
        </div>
      </form>
    </Dialog>
  );
}
