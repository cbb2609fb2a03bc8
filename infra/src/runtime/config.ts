import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { type VariableName, variables } from './variables.js';

/** A codec over variables of the table: `t.type({ NATS_URL: variables.NATS_URL, … })`, built by `configOf`. */
export type ConfigCodec<N extends VariableName> = t.TypeC<Pick<typeof variables, N>>;

/** Names the variables a process reads; each must be in the table. */
export const configOf = <const N extends VariableName>(...names: readonly N[]): ConfigCodec<N> =>
  t.type(Object.fromEntries(names.map((name) => [name, variables[name]])) as Pick<typeof variables, N>);

/** What sysexits.h calls EX_CONFIG; process managers can be told not to restart on it. */
export const badConfigExitCode = 78;

/**
 * Reads the configuration of this process, once. A bad value, a missing one, or an unknown variable stops the process
 * with a sentence for each.
 */
export const readConfig = <A>(
  codec: t.Type<A, unknown, unknown>,
  env: NodeJS.ProcessEnv = process.env,
): A => {
  const config = decodeConfig(codec, env);
  if (E.isRight(config)) return config.right;
  for (const fault of config.left) process.stderr.write(`${fault}\n`);
  process.exit(badConfigExitCode);
};

/** The configuration, or a sentence per fault that names the variable, what is wrong and what is accepted. */
export const decodeConfig = <A>(
  codec: t.Type<A, unknown, unknown>,
  env: NodeJS.ProcessEnv,
): E.Either<readonly string[], A> => {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const elsewhere = Object.entries(variables).flatMap(([name, field]) => {
    if (set[name] === undefined) return [];
    const read = field.decode(set[name]);
    return E.isLeft(read) ? [badValue(name, set[name], field.name, read.left.at(-1)?.message)] : [];
  });
  const unknown = Object.keys(set)
    .filter((name) => name.startsWith('PARLEY_') && !(name in variables))
    .map(unknownVariable);
  const decoded = codec.decode(set);
  const faults = E.isLeft(decoded) ? decoded.left.map(faultOf) : [];
  const all = [...new Set([...unknown, ...elsewhere, ...faults])];
  return all.length > 0 || E.isLeft(decoded) ? E.left(all) : E.right(decoded.right);
};

const faultOf = (error: t.ValidationError): string => {
  const entry = error.context.at(-1);
  const name = error.context.find((part) => part.key !== '')?.key ?? 'the environment';
  return badValue(
    name,
    error.value as string | undefined,
    entry?.type.name ?? 'something else',
    error.message,
  );
};

const badValue = (name: string, value: string | undefined, accepted: string, why?: string): string =>
  value === undefined
    ? `${name} is not set: set it to ${accepted}`
    : `${name} is ${shown(name, value)}: expected ${accepted}${why === undefined ? '' : `; ${why}`}`;

/** Values of these are secrets, or may hold a password. */
const shown = (name: string, value: string): string =>
  /SECRET|KEY|URL|TOKEN/.test(name) ? 'not usable' : JSON.stringify(value.slice(0, 80));

const unknownVariable = (name: string): string => {
  const nearest = Object.keys(variables)
    .map((known) => ({ known, distance: editDistance(name, known) }))
    .toSorted((a, b) => a.distance - b.distance)[0];
  const hint = nearest && nearest.distance <= 4 ? `did you mean ${nearest.known}?` : 'it may be misspelt';
  return `${name} is not a variable of Parley: ${hint}`;
};

/** Levenshtein, one row at a time. */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
};
