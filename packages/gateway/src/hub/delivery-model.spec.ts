import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type DeliveryWorld, openDeliveryWorld } from '../testing/delivery-world.js';

/** Two devices of one user, and two people more. */
const USERS = ['ann', 'ann', 'bob', 'cat'];

type Client = DeliveryWorld['clients'][number];
type Happening = (world: DeliveryWorld) => void;

const count = fc.integer({ min: 1, max: 6 });
const often = (weight: number, arbitrary: fc.Arbitrary<Happening>) => ({ weight, arbitrary });
const always = (weight: number, happen: Happening) => often(weight, fc.constant(happen));
/** Something happens to one of the clients, with a number from 1 to 6. */
const toOne = (weight: number, happen: (world: DeliveryWorld, client: Client, n: number) => void) =>
  often(
    weight,
    fc.tuple(fc.nat(USERS.length - 1), count).map(
      ([which, n]): Happening =>
        (world) =>
          happen(world, world.clients[which] as Client, n),
    ),
  );

const happening = fc.oneof(
  often(
    4,
    count.map(
      (n): Happening =>
        (world) =>
          repeat(n, () => world.append({})),
    ),
  ),
  often(
    6,
    count.map(
      (n): Happening =>
        (world) =>
          repeat(n, () => world.arrive(1)),
    ),
  ),
  always(1, (world) => world.arrive(0)),
  always(1, (world) => world.arrive(2)),
  often(
    6,
    fc.nat(5).map(
      (which): Happening =>
        (world) =>
          world.answer(which, false),
    ),
  ),
  often(
    1,
    fc.nat(5).map(
      (which): Happening =>
        (world) =>
          world.answer(which, true),
    ),
  ),
  always(1, (world) => world.starve()),
  toOne(2, (world, { user }) => {
    if (user !== 'ann') world.append(world.isMember(user) ? { leaves: user } : { joins: user });
  }),
  toOne(4, (world, client) => world.connect(client)),
  toOne(2, (world, client, n) => world.drop(client, n > 4)),
  toOne(1, (world, client) => world.readElsewhere(client)),
  toOne(2, (world, client) => world.ack(client)),
  toOne(4, (world, client, n) => world.read(client, n)),
);

function repeat(times: number, run: () => void): void {
  for (let n = 0; n < times; n++) run();
}

it('gives every client the log in order, once and while its user is a member, or tells it to read anew', () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 20, maxLength: 200, size: 'max' }), (happenings) => {
      const world = openDeliveryWorld(USERS);
      world.heal();
      // Each frame is looked at by the world itself, as it comes.
      for (const happen of happenings) happen(world);
      world.heal();
      for (const { user, position, at } of world.clients) {
        if (!world.isMember(user)) continue;
        expect([user, position?.tag]).toEqual([user, 'live']);
        if (at !== undefined) expect(at).toBe(world.head);
      }
    }),
    { numRuns: 1_000 },
  );
});
