import type { TimelineItem } from '@parley/client/timeline/timeline';
import { useState } from 'preact/hooks';
import { Icon } from '../parts/icon.js';
import { RichText } from '../text/rich-text.js';

/** Longer texts are folded: by characters, and by lines. */
const FOLD_CHARACTERS = 1_600;
const FOLD_LINES = 24;

/** What a message says. */
export function MessageBody({ item: { body, author, isMine, sealed } }: { readonly item: TimelineItem }) {
  const [isUnfolded, unfold] = useState(false);
  if (sealed !== undefined)
    return (
      <p class="gone">
        <Icon name={sealed === 'locked' ? 'lock' : 'trash'} />
        {sealed === 'locked' ? 'Locked for now; it is asked for again' : 'Erased for good'}
      </p>
    );
  if (body === null)
    return (
      <p class="gone">
        <Icon name="trash" />
        {isMine ? 'You deleted this message' : 'This message was deleted'}
      </p>
    );
  if (body.kind === 'sealed')
    return (
      <p class="gone">
        <Icon name="lock" />
        Encrypted; this page has no key for it
      </p>
    );
  if (body.emote)
    return (
      <p class="emote-text" dir="auto">
        <strong>{author}</strong> {body.text}
      </p>
    );
  const folded = foldOf(body.text);
  return (
    <div class="text">
      <RichText text={isUnfolded ? body.text : folded} />
      {folded !== body.text && (
        <button
          type="button"
          class="text-button unfold"
          aria-expanded={isUnfolded}
          onClick={() => unfold(!isUnfolded)}
        >
          {isUnfolded ? 'Show less' : 'Show all'}
        </button>
      )}
    </div>
  );
}

function foldOf(text: string): string {
  let end = -1;
  for (let line = 0; line < FOLD_LINES; line++) {
    end = text.indexOf('\n', end + 1);
    if (end === -1) break;
  }
  const cut = Math.min(end === -1 ? text.length : end, FOLD_CHARACTERS);
  return cut >= text.length - 200 ? text : `${text.slice(0, cut).trimEnd()}…`;
}
