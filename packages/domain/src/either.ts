import type { Either, Left, Right } from 'fp-ts/lib/Either.js';

export type { Either } from 'fp-ts/lib/Either.js';

/**
 * fp-ts's Either for what runs in browsers too. The same values: but `fp-ts/lib` is CommonJS, of which bundlers keep all of its
 * 40 kB for these five lines, and Node cannot read `fp-ts/es6`.
 */
export const left = <E>(left: E): Either<E, never> => ({ _tag: 'Left', left });
export const right = <A>(right: A): Either<never, A> => ({ _tag: 'Right', right });
export const isLeft = <E>(either: Either<E, unknown>): either is Left<E> => either._tag === 'Left';
export const isRight = <A>(either: Either<unknown, A>): either is Right<A> => either._tag === 'Right';
export const mapLeft =
  <E, G>(f: (left: E) => G) =>
  <A>(either: Either<E, A>): Either<G, A> =>
    isLeft(either) ? left(f(either.left)) : either;
