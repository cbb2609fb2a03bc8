import { emojiList } from 'virtual:emoji-list';
import { useEffect, useRef, useState } from 'preact/hooks';
import './emoji.css';

/** Unicode's groups, each by one of its emoji. */
const groups: readonly (readonly [sign: string, name: string])[] = [
  ['🙂', 'Smileys'],
  ['👋', 'People'],
  ['🐸', 'Animals and nature'],
  ['🍎', 'Food and drink'],
  ['🚲', 'Travel and places'],
  ['⚽', 'Activities'],
  ['💡', 'Objects'],
  ['❤️', 'Symbols'],
  ['🏁', 'Flags'],
];

/** Found ones that are shown, and a row of the grid. */
const SHOWN = 120;
const COLUMNS = 8;

/** Emoji by group or by a word; arrow keys move in the grid. */
export function EmojiPicker({ onPicked }: { readonly onPicked: (emoji: string) => void }) {
  const [words, setWords] = useState('');
  const [group, setGroup] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const sought = words.trim().toLowerCase();
  const shown = emojiList
    .filter((entry) => (sought === '' ? entry[3] === group : `${entry[1]} ${entry[2]}`.includes(sought)))
    .slice(0, sought === '' ? undefined : SHOWN);
  useEffect(() => field.current?.focus(), []);
  return (
    <div class="emoji-picker">
      <input
        ref={field}
        class="input"
        type="search"
        aria-label="Search emoji"
        placeholder="Search"
        value={words}
        onInput={({ currentTarget }) => setWords(currentTarget.value)}
        onKeyDown={(event) => {
          const [first] = shown;
          if (event.key !== 'Enter' || first === undefined) return;
          event.preventDefault();
          onPicked(first[0]);
        }}
      />
      <div class="emoji-groups" role="toolbar" aria-label="Groups">
        {groups.map(([sign, name], id) => (
          <button
            key={name}
            type="button"
            aria-pressed={sought === '' && id === group}
            aria-label={name}
            title={name}
            onClick={() => {
              setWords('');
              setGroup(id);
            }}
          >
            {sign}
          </button>
        ))}
      </div>
      <div class="emoji-grid" role="toolbar" aria-label="Emoji" onKeyDown={moveInGrid}>
        {shown.map(([emoji, name]) => (
          <button key={emoji} type="button" aria-label={name} title={name} onClick={() => onPicked(emoji)}>
            {emoji}
          </button>
        ))}
      </div>
      {shown.length === 0 && <p class="found-none">No emoji is called that.</p>}
    </div>
  );
}

function moveInGrid(event: KeyboardEvent): void {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: COLUMNS,
    ArrowUp: -COLUMNS,
  };
  const step = steps[event.key];
  if (step === undefined) return;
  const buttons = [...(event.currentTarget as HTMLElement).children] as HTMLElement[];
  const next = buttons[buttons.indexOf(document.activeElement as HTMLElement) + step];
  event.preventDefault();
  next?.focus();
}
