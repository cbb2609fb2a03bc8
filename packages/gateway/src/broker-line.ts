import * as E from 'fp-ts/lib/Either.js';
import { checkDevices } from './devices/revocations.js';
import type { Gateway } from './gateway.js';
import { admit, noteHead } from './hub/admission.js';
import type { Hub } from './hub/hub.js';
import type { Person } from './people.js';

/**
 * Watches the line to the broker. While it is broken, requests are refused at once instead of waiting for it. What was
 * published meanwhile is lost to us: after each reconnect everything is looked at again.
 */
export async function watchBrokerLine(gateway: Gateway): Promise<void> {
  for await (const { type } of gateway.nats.status()) {
    if (type === 'disconnect') gateway.isConnected = false;
    if (type !== 'reconnect') continue;
    gateway.isConnected = true;
    gateway.log.warn(
      { hubs: gateway.hubs.size, people: gateway.people.size },
      'the broker is back: looking for what was missed',
    );
    checkDevices(gateway, gateway.people.values());
    for (const hub of gateway.hubs.values()) void checkHead(gateway, hub);
    gateway.presence.lookAtAll();
    gateway.voice.lineBack();
    for (const person of gateway.people.values()) void checkMemberships(gateway, person);
  }
}

async function checkHead(gateway: Gateway, hub: Hub): Promise<void> {
  const member = hub.members.keys().next().value;
  if (member === undefined) return;
  const reply = await gateway.api.membership(hub.conversationId, [member.user]);
  if (E.isRight(reply)) noteHead(gateway, hub, reply.right.revision);
  else if (!hub.released) setTimeout(() => void checkHead(gateway, hub), 1_000).unref();
}

async function checkMemberships(gateway: Gateway, person: Person): Promise<void> {
  const reply = await gateway.api.memberships(person.user);
  if (E.isLeft(reply) || gateway.people.get(person.user) !== person) return;
  for (const conversationId of reply.right.conversations) void admit(gateway, person, conversationId);
}
