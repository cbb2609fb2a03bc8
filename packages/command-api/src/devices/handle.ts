import type { JetStreamManager } from '@nats-io/jetstream';
import {
  type AccountAnswer,
  accountAnswerAgain,
  accountDeedOf,
  saysTheSameOfAccount,
} from '@parley/domain/account/answer';
import { type AccountCommand, deviceOf } from '@parley/domain/account/commands';
import { decideAccount } from '@parley/domain/account/decide';
import { decodeAccountEvent, envelopAccount } from '@parley/domain/account/envelope';
import type { AccountEvent } from '@parley/domain/account/events';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { storedAt } from '@parley/infra/log/conversation-reader';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import * as E from 'fp-ts/lib/Either.js';
import type { Turns } from '../conversations/turns.js';
import { decideAndAppend } from '../log/decide-and-append.js';
import { eventOfDeed } from '../log/event-of-deed.js';
import type { Accounts, KnownAccount } from './accounts.js';

export type AccountResources = {
  readonly accounts: Accounts;
  readonly turns: Turns;
  readonly window: PublishWindow;
  readonly jsm: JetStreamManager;
};

/** Does a command about a user's devices, or says why not. Those of one user wait for each other. */
export async function handleAccountCommand(
  resources: AccountResources,
  command: AccountCommand,
  traceparent?: string,
): Promise<E.Either<Refusal, AccountAnswer>> {
  const { accounts, turns, window } = resources;
  const { user, data } = command;
  const device = deviceOf(command);
  const outcome = await turns.take(`account/${user}`, () =>
    decideAndAppend(
      { store: accounts, window, onAppended: () => undefined },
      {
        id: user,
        messageId: `account/${user}:${data.commandId}`,
        ...(traceparent === undefined ? {} : { traceparent }),
        answeredBefore: (known) => answeredBefore(resources, known, command),
        decide: async (known) =>
          E.map((made: AccountEvent | undefined) => made && place(made, known, command))(
            decideAccount(known.state, command),
          ),
        unchanged: ({ state }) => ({ device, at: soSince(state.devices.get(device)) ?? command.at }),
        done: ({ at }) => ({ device, at }),
        duplicateOf: (streamSeq) => answerOfDuplicate(resources, command, streamSeq),
      },
    ),
  );
  return outcome ?? E.left(refuse('TooManyRequests', 'too many commands wait for this user'));
}

async function answeredBefore(
  { accounts, jsm }: AccountResources,
  known: KnownAccount,
  command: AccountCommand,
): Promise<E.Either<Refusal, AccountAnswer> | undefined> {
  const deed = accountDeedOf(known.state, command);
  if (deed === undefined) return undefined;
  const stored = await eventOfDeed(jsm, accounts.placeOf(command.user), known, deed);
  const event = decodeAccountEvent(stored?.json);
  return E.isRight(event) && !saysTheSameOfAccount(command, event.right)
    ? reused(event.right)
    : E.right(accountAnswerAgain(deed));
}

async function answerOfDuplicate(
  { accounts, jsm }: AccountResources,
  command: AccountCommand,
  streamSeq: number,
): Promise<E.Either<Refusal, AccountAnswer>> {
  const stored = await storedAt(jsm, accounts.placeOf(command.user), streamSeq);
  const event = decodeAccountEvent(stored?.json);
  if (E.isLeft(event)) return E.left(refuse('Unavailable', 'the first answer cannot be read now'));
  if (!saysTheSameOfAccount(command, event.right)) return reused(event.right);
  return E.right(accountAnswerAgain({ device: event.right.data.device, at: event.right.at }));
}

const reused = ({ type }: AccountEvent): E.Either<Refusal, never> =>
  E.left(refuse('IdReused', `it made ${type} with other content`));

const place = (event: AccountEvent, { state }: KnownAccount, { user, by, at, data }: AccountCommand) =>
  envelopAccount(event, { user, seq: state.revision + 1, at, by, commandId: data.commandId });

/** Since when a device is as it is. */
const soSince = (device: ReturnType<KnownAccount['state']['devices']['get']>): number | undefined =>
  device?.tag === 'revoked' ? device.revokedAt : device?.registeredAt;
