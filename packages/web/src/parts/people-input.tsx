import { useId, useState } from 'preact/hooks';
import { Icon } from './icon.js';
import { isName } from './names.js';

type PeopleInputProps = {
  readonly label: string;
  readonly people: readonly string[];
  readonly onChange: (people: readonly string[]) => void;
  /** A whole name that stands in the field and is not taken in yet, or none. */
  readonly onTyped: (name: string | undefined) => void;
  /** People one may name; one of a direct conversation. */
  readonly most?: number;
};

/** A field for names of people: a comma, a space or Enter takes each in. */
export function PeopleInput({ label, people, onChange, onTyped, most = 500 }: PeopleInputProps) {
  const id = useId();
  const [text, setText] = useState('');
  const type = (next: string): void => {
    setText(next);
    onTyped(isName(next) ? next : undefined);
  };
  // The last one stays in the field, where the focus is, and Enter is the form's.
  const isLast = people.length === most - 1;
  const isWrong = text !== '' && !isName(text);
  const take = (typed: string): void => {
    const names = typed.split(/[\s,;]+/).filter((name) => name !== '');
    const good = names.filter((name) => isName(name));
    onChange([...new Set([...people, ...good])].slice(0, most));
    type(names.filter((name) => !isName(name)).join(' '));
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="people-input">
        {people.map((name) => (
          <span key={name} class="chip">
            {name}
            <button
              type="button"
              aria-label={`Take ${name} out`}
              onClick={() => onChange(people.filter((each) => each !== name))}
            >
              <Icon name="close" />
            </button>
          </span>
        ))}
        {people.length < most && (
          <input
            id={id}
            value={text}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            placeholder={people.length === 0 ? 'a name, such as bob' : 'and'}
            aria-invalid={isWrong}
            aria-describedby={`${id}-hint`}
            onInput={({ currentTarget: { value } }) =>
              !isLast && /[\s,;]/.test(value) ? take(value) : type(isLast ? value.trim() : value)
            }
            onBlur={() => take(text)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && text !== '' && !(isLast && isName(text))) {
                event.preventDefault();
                if (!isLast) take(text);
              }
              if (event.key === 'Backspace' && text === '') onChange(people.slice(0, -1));
            }}
          />
        )}
      </div>
      <p id={`${id}-hint`} class={isWrong ? 'hint problem' : 'hint'}>
        {isWrong ? 'Names have letters, digits, “-”, “_” and “=”, 64 at most.' : ''}
      </p>
    </div>
  );
}
