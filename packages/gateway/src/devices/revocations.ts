import { setTimeout as sleep } from 'node:timers/promises';
import { decodeAccountEvent } from '@parley/domain/account/envelope';
import type { Gone } from '@parley/domain/account/state';
import { LIVE_ACCOUNTS, userOfAccount } from '@parley/infra/log/subjects';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import type { Gateway } from '../gateway.js';
import type { Person } from '../people.js';
import { drive } from '../session/life.js';

/** From now on the sockets of a device are closed as soon as the log has stored that it is revoked. */
export function hearRevocations(gateway: Gateway): void {
  gateway.nats.subscribe(LIVE_ACCOUNTS, {
    callback: (error, message) => {
      const person = error ? undefined : gateway.people.get(userOfAccount(message.subject));
      if (person !== undefined) onEvent(gateway, person, message.data);
    },
  });
}

function onEvent(gateway: Gateway, person: Person, stored: Uint8Array): void {
  const event = decodeAccountEvent(parseJson(stored));
  if (E.isLeft(event)) {
    gateway.log.error({ user: person.user, reason: event.left }, "an event of a user's log cannot be read");
    checkDevices(gateway, [person]);
  } else if (event.right.type === 'device.revoked')
    closeDevice(gateway, person, event.right.data.device, 'DeviceRevoked');
  else if (event.right.type === 'account.erased') closeAll(gateway, person);
}

/** Looks at everyone's devices again: what was published while the line was broken was not heard. */
export function checkDevices(gateway: Gateway, people: Iterable<Person>): void {
  for (const person of people) {
    const devices = new Set(
      person.sessions.flatMap(({ caller }) => (caller === undefined ? [] : [caller.device])),
    );
    for (const device of devices) void checkDevice(gateway, person, device);
  }
}

/** Milliseconds until a question that was not answered is asked again. */
const ASK_AGAIN_MS = 1_000;

async function checkDevice(gateway: Gateway, person: Person, device: string): Promise<void> {
  // While the line is broken nothing need be asked: when it is back, this begins anew.
  while (gateway.isConnected && !gateway.stopping && isHere(person, device)) {
    const revoked = await gateway.devices.goneAs(person.user, device);
    if (E.isRight(revoked)) {
      if (revoked.right) closeDevice(gateway, person, device, revoked.right);
      return;
    }
    await sleep(ASK_AGAIN_MS, undefined, { ref: false });
  }
}

function closeDevice(gateway: Gateway, { sessions }: Person, device: string, as: Gone): void {
  for (const session of [...sessions])
    if (session.caller?.device === device) drive(gateway, session, { tag: 'revoked', as });
}

function closeAll(gateway: Gateway, { sessions }: Person): void {
  for (const session of [...sessions]) drive(gateway, session, { tag: 'revoked', as: 'PersonErased' });
}

const isHere = ({ sessions }: Person, device: string): boolean =>
  sessions.some(({ caller }) => caller?.device === device);
