import type { JetStreamManager } from '@nats-io/jetstream';
import {
  type AccountAnswer,
  accountAnswer,
  accountAnswerAgain,
  accountDeedOf,
  saysTheSameOfAccount,
} from '@parley/domain/account/answer';
import { type AccountCommand, deviceOf } from '@parley/domain/account/commands';
import { decideAccount } from '@parley/domain/account/decide';
import { decodeAccountEvent, envelopAccount } from '@parley/domain/account/envelope';
import type { AccountEvent } from '@parley/domain/account/events';
import type { Account } from '@parley/domain/account/state';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { storedAt } from '@parley/infra/log/conversation-reader';
import type { PublishWindow } from '@parley/infra/log/publish-window';
import { isDatabaseAway } from '@parley/infra/runtime/database-away';
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
  /** Conversations on legal hold that a person is in, or was. */
  readonly heldWith: (user: string) => Promise<readonly string[]>;
};

/** Does a command about a user or their devices, or says why not. Those of one user wait for each other. */
export async function handleAccountCommand(
  resources: AccountResources,
  command: AccountCommand,
  traceparent?: string,
): Promise<E.Either<Refusal, AccountAnswer>> {
  const { accounts, turns, window } = resources;
  const { user, data } = command;
  const outcome = await turns.take(`account/${user}`, () =>
    decideAndAppend(
      { store: accounts, window, onAppended: () => undefined },
      {
        id: user,
        messageId: `account/${user}:${data.commandId}`,
        ...(traceparent === undefined ? {} : { traceparent }),
        answeredBefore: (known) => answeredBefore(resources, known, command),
        decide: async (known) => {
          const decision = decideAccount(known.state, command);
          if (E.isLeft(decision)) return decision;
          const made = decision.right;
          if (made === undefined) return E.right(undefined);
          const refused = made.type === 'account.erased' ? await refusedErasing(resources, user) : undefined;
          return refused === undefined ? E.right(place(made, known, command)) : E.left(refused);
        },
        erasureOf: ({ type }) => (type === 'account.erased' ? { kind: 'person', user } : undefined),
        unchanged: ({ state }) => accountAnswer(command, soSince(state, command) ?? command.at),
        done: ({ at }) => accountAnswer(command, at),
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
    : E.right(accountAnswerAgain(command, deed));
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
  return E.right(accountAnswerAgain(command, event.right));
}

const reused = ({ type }: AccountEvent): E.Either<Refusal, never> =>
  E.left(refuse('IdReused', `it made ${type} with other content`));

const place = (event: AccountEvent, { state }: KnownAccount, { user, by, at, data }: AccountCommand) =>
  envelopAccount(event, { user, seq: state.revision + 1, at, by, commandId: data.commandId });

/** Since when it is as the command would have it. */
function soSince({ erasedAt, devices }: Account, command: AccountCommand): number | undefined {
  if (command.type === 'account.erase') return erasedAt;
  const device = devices.get(deviceOf(command) ?? '');
  return device?.tag === 'revoked' ? device.revokedAt : device?.registeredAt;
}

/** Why a person cannot be erased now, or undefined. */
async function refusedErasing({ heldWith }: AccountResources, user: string): Promise<Refusal | undefined> {
  try {
    const held = await heldWith(user);
    return held.length > 0 ? { ...refuse('OnLegalHold'), about: held } : undefined;
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    return refuse('Unavailable', 'the read model is away');
  }
}
