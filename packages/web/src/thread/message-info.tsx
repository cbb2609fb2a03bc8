import type { MessageInfo as Info } from '@parley/domain/wire/receipts';
import { useEffect, useState } from 'preact/hooks';
import { Avatar } from '../parts/avatar.js';
import { Dialog } from '../parts/dialog.js';
import { Icon } from '../parts/icon.js';
import { useSession } from '../session/session-context.js';
import { momentOf } from '../text/times.js';

type MessageInfoProps = {
  readonly conversationId: string;
  readonly seq: number;
  readonly onClose: () => void;
};

/** Who received and read a message, and when. */
export function MessageInfo({ conversationId, seq, onClose }: MessageInfoProps) {
  const { client } = useSession();
  const [info, setInfo] = useState<Info>();
  const [problem, setProblem] = useState<string>();
  const load = (after?: string): void =>
    void client.call('message.info', { conversationId, seq, ...(after === undefined ? {} : { after }) }).then(
      (page) =>
        setInfo((before) => ({
          ...page,
          recipients: [...(after === undefined ? [] : (before?.recipients ?? [])), ...page.recipients],
        })),
      (error: Error) => setProblem(error.message),
    );
  useEffect(() => load(), []);
  return (
    <Dialog title="Who has it" isNarrow onClose={onClose}>
      {problem !== undefined && (
        <p class="notice problem" role="alert">
          {problem}
        </p>
      )}
      {info === undefined && problem === undefined && (
        <span class="spinner" role="status" aria-label="Loading" />
      )}
      {info !== undefined && (
        <>
          <p class="info-sum">
            Received by {info.received} and read by {info.read} of {info.members}
          </p>
          <ul class="people">
            {info.recipients.map(({ user, deliveredAt, readAt }) => (
              <li key={user} class="person">
                <Avatar name={user} size="small" />
                <strong>{user}</strong>
                <span class={`ticks ${readAt === undefined ? 'delivered' : 'read'}`}>
                  {(readAt ?? deliveredAt) === undefined ? (
                    'not yet'
                  ) : (
                    <>
                      <Icon name="checks" />
                      {readAt === undefined
                        ? `received ${momentOf(deliveredAt as number)}`
                        : `read ${momentOf(readAt)}`}
                    </>
                  )}
                </span>
              </li>
            ))}
          </ul>
          {info.hasMore && (
            <button type="button" class="button" onClick={() => load(info.recipients.at(-1)?.user)}>
              More
            </button>
          )}
        </>
      )}
    </Dialog>
  );
}
