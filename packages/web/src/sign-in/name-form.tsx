import { useId, useState } from 'preact/hooks';
import { hueOf, initialsOf } from '../parts/names.js';

type NameFormProps = { readonly people: readonly string[]; readonly onChosen: (user: string) => void };

/** People to continue as by one click, and a field for anybody else. */
export function NameForm({ people, onChosen }: NameFormProps) {
  const id = useId();
  const [name, setName] = useState('');
  return (
    <>
      <ul class="continue-as" aria-label="Continue as">
        {people.map((person) => (
          <li key={person}>
            <button type="button" class="continue" onClick={() => onChosen(person)}>
              <span class={`avatar hue-${hueOf(person)}`} aria-hidden="true">
                {initialsOf(person)}
              </span>
              <span>
                Continue as <strong>{person}</strong>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <form
        class="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          onChosen(name.trim());
        }}
      >
        <label class="sr-only" for={id}>
          Another name
        </label>
        <input
          id={id}
          class="input"
          value={name}
          placeholder="or another name"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <button type="submit" class="button" disabled={name.trim() === ''}>
          Continue
        </button>
      </form>
    </>
  );
}
