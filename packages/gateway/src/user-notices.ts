import { setTimeout as sleep } from 'node:timers/promises';
import { ConversationId, Seq } from '@parley/domain/ids';
import { userSubject } from '@parley/infra/log/subjects';
import { parseJson } from '@parley/infra/runtime/parse-json';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Gateway } from './gateway.js';
import { admit } from './hub/admission.js';
import { retryDelay } from './hub/positions.js';
import type { Person } from './people.js';

const Notice = t.strict({ type: t.literal('conversation.added'), conversationId: ConversationId, seq: Seq });

/** Times a notice is acted on while membership cannot be asked; the next session of the user finds out anyway. */
const MAX_ATTEMPTS = 8;

/** From now on a person hears of conversations they enter. Every notice may come twice, and late. */
export function hearNotices(gateway: Gateway, person: Person): void {
  person.notices = gateway.nats.subscribe(userSubject(person.user), {
    callback: (error, message) => {
      if (!error) void onNotice(gateway, person, message.data);
    },
  });
}

async function onNotice(gateway: Gateway, person: Person, bytes: Uint8Array): Promise<void> {
  const notice = Notice.decode(parseJson(bytes));
  if (E.isLeft(notice)) return gateway.log.error({ user: person.user }, 'a notice cannot be read');
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    // Letting them in tells their sessions; a member already, or a stranger by now, needs nothing.
    const admission = await admit(gateway, person, notice.right.conversationId);
    if (admission !== 'unavailable') return;
    await sleep(retryDelay(attempt), undefined, { ref: false });
    if (gateway.people.get(person.user) !== person) return;
  }
}
