import fc from 'fast-check';

/** `good` as JSON, as it is or with a field somewhere in it replaced, removed or added. ASCII alone. */
export function changedSomewhere(good: unknown): fc.Arbitrary<unknown> {
  const ways = waysInto(good);
  const change = fc.oneof(
    oddity.map((value) => ({ tag: 'set', value }) as const),
    fc.constant({ tag: 'drop' } as const),
    oddity.map((value) => ({ tag: 'extend', value }) as const),
  );
  return fc
    .array(fc.tuple(fc.constantFrom(...ways), change), { maxLength: 2 })
    .map((changes) => changes.reduce((value, [way, how]) => changedAt(value, way, how), good));
}

/** What stands where something else was expected: other types, bounds and just beyond them. */
const oddity = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    [],
    {},
    '',
    'x',
    'a b',
    'a\u0000',
    'x'.repeat(65),
    'x'.repeat(300),
  ),
  fc.constantFrom<unknown>(0, -1, 1, 4, 5, 1.5, 200, 201, 2 ** 53 - 1, 2 ** 53, 31_536_001, 1e300),
  fc.constantFrom<unknown>('owner', 'text', 'sealed', 'group', 'AAAAA', '=', 'constructor', ['bob'], [5], {
    kind: 'text',
  }),
  fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes('__proto__')),
);

type Change = { readonly tag: 'set' | 'extend'; readonly value: unknown } | { readonly tag: 'drop' };

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const waysInto = (value: unknown): readonly (readonly string[])[] =>
  isObject(value)
    ? [[], ...Object.entries(value).flatMap(([key, inner]) => waysInto(inner).map((way) => [key, ...way]))]
    : [[]];

function changedAt(value: unknown, [key, ...way]: readonly string[], how: Change): unknown {
  if (key === undefined) {
    if (how.tag === 'set') return how.value;
    if (how.tag === 'drop') return undefined;
    if (Array.isArray(value)) return [...value, how.value];
    return isObject(value) ? { ...value, another: how.value } : value;
  }
  if (!isObject(value)) return value;
  const inner = changedAt((value as Record<string, unknown>)[key], way, how);
  if (Array.isArray(value))
    return value.flatMap((item, i) => (String(i) !== key ? [item] : inner === undefined ? [] : [inner]));
  const { [key]: _, ...others } = value as Record<string, unknown>;
  return inner === undefined ? others : { ...others, [key]: inner };
}
