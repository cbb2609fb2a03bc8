import { Icon, type IconName } from '../parts/icon.js';
import { useSession } from '../session/session-context.js';
import { lifeOf, momentOf } from '../text/times.js';
import type { Note } from './rows.js';

type NoteLineProps = {
  readonly note: Note;
  readonly onJump: (seq: number) => void;
};

/** A line between messages: what somebody changed about the conversation. */
export function NoteLine({ note, onJump }: NoteLineProps) {
  const { client } = useSession();
  const [icon, words] = saidOf(note, note.actor === client.user ? 'You' : note.actor);
  return (
    <p class="note-line" data-key={`note-${note.seq}`} dir="auto">
      <Icon name={icon} />
      {words}
      {note.type === 'message.pinned' && (
        <button type="button" class="text-button" onClick={() => onJump(note.data.seq as number)}>
          Show it
        </button>
      )}
    </p>
  );
}

function saidOf({ type, data }: Note, who: string): readonly [icon: IconName, words: string] {
  const { ttl, expiresAt, reason } = data as { ttl?: number; expiresAt?: number; reason?: string };
  switch (type) {
    case 'conversation.ttlSet':
      return [
        'timer',
        ttl == null
          ? `${who} turned disappearing messages off`
          : `${who} set messages to disappear after ${lifeOf(ttl)}`,
      ];
    case 'conversation.expirySet':
      return [
        'timer',
        expiresAt == null
          ? `${who} let the conversation go on without an end`
          : `${who} set the conversation to end ${momentOf(expiresAt)}`,
      ];
    case 'conversation.held':
      return ['shield', `${who} put the conversation on legal hold: ${reason}`];
    case 'conversation.released':
      return ['shield', `${who} lifted the legal hold`];
    case 'message.unpinned':
      return ['pin', `${who} unpinned a message`];
    default:
      return ['pin', `${who} pinned a message`];
  }
}
