import { Life } from '@parley/domain/conversation/vocabulary';
import { decodeWith } from '@parley/domain/text';
import { useId, useState } from 'preact/hooks';

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [1, 'seconds'],
  [60, 'minutes'],
  [3_600, 'hours'],
  [86_400, 'days'],
];

type CustomLifeProps = { readonly ttl: number | null; readonly onSet: (ttl: number) => void };

/** Any life there may be: 5 seconds to 365 days. */
export function CustomLife({ ttl, onSet }: CustomLifeProps) {
  const [unit, setUnit] = useState(
    () => UNITS.findLast(([seconds]) => (ttl ?? 60) % seconds === 0)?.[0] ?? 1,
  );
  const [count, setCount] = useState(ttl === null ? '' : String(ttl / unit));
  const hint = useId();
  const life = Number(count) * unit;
  const isFit = decodeWith(Life, life)._tag === 'Right';
  return (
    <form
      class="custom-life"
      onSubmit={(event) => {
        event.preventDefault();
        if (isFit) onSet(life);
      }}
    >
      <input
        class="input"
        type="number"
        inputMode="numeric"
        min="1"
        step="1"
        aria-label="How many"
        aria-describedby={hint}
        aria-invalid={count !== '' && !isFit}
        value={count}
        onInput={({ currentTarget }) => setCount(currentTarget.value)}
      />
      <select
        class="input"
        aria-label="Of what"
        value={unit}
        onChange={({ currentTarget }) => setUnit(Number(currentTarget.value))}
      >
        {UNITS.map(([seconds, name]) => (
          <option key={name} value={seconds}>
            {name}
          </option>
        ))}
      </select>
      <button type="submit" class="button primary" disabled={!isFit}>
        Set
      </button>
      <p id={hint} class={count !== '' && !isFit ? 'hint problem' : 'hint'}>
        5 seconds to 365 days.
      </p>
    </form>
  );
}
