import type { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { AccountCommand } from '@parley/domain/account/commands';
import type { Gone } from '@parley/domain/account/state';
import { type Command, isCommandType } from '@parley/domain/conversation/commands';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import { decodeWith } from '@parley/domain/text';
import type { AccountErase } from '@parley/domain/wire/devices';
import { isMethodName, methods } from '@parley/domain/wire/methods';
import type { QueryOf } from '@parley/domain/wire/queries';
import type { ReceiptMarks } from '@parley/domain/wire/receipts';
import type { VoiceMethod } from '@parley/domain/wire/voice';
import type { Caller } from '@parley/infra/rpc/protocol';
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import { isOperator, refusedHold } from './commands/as-operator.js';
import { banHashesFor } from './commands/ban-hashes.js';
import { ExecuteCommand } from './commands/execute-command.js';
import { DeviceKeys } from './devices/device-keys.js';
import { DeviceList } from './devices/device-list.js';
import { ExecuteAccountCommand } from './devices/execute-account-command.js';
import { CallGet } from './queries/call-get.js';
import { CallList } from './queries/call-list.js';
import { ConversationAt } from './queries/conversation-at.js';
import { ConversationGet } from './queries/conversation-get.js';
import { ConversationList } from './queries/conversation-list.js';
import { MessageInfo } from './queries/message-info.js';
import { MessageList } from './queries/message-list.js';
import { SessionSync } from './queries/session-sync.js';
import { MarkReceipts } from './receipts/mark-receipts.js';
import { unlessLogIsAway } from './unless-log-is-away.js';

export type Dispatch = (
  method: string,
  params: unknown,
  caller: Caller,
  traceparent?: string,
) => Promise<E.Either<Refusal, unknown>>;

export type DispatchResources = {
  readonly commands: CommandBus;
  readonly queries: QueryBus;
  readonly banKey: Uint8Array;
  /** Whether operators may put conversations on legal hold. */
  readonly legalHold: boolean;
  /** Most participants of a call that talk as a mesh. */
  readonly p2pMax: number;
  /** The log's time, in ms. */
  readonly now: () => number;
  /** Whether the caller's device is known to be revoked, or the caller to be erased. */
  readonly goneAs: (caller: Caller) => Gone | undefined;
};

/**
 * Turns a method and its parameters into a command or query on the bus: the one way in for HTTP and NATS. Parameters are
 * decoded here, once, by the method's codec.
 */
export function openDispatch({
  commands,
  queries,
  banKey,
  legalHold,
  p2pMax,
  now,
  goneAs,
}: DispatchResources): Dispatch {
  return (...request) => unlessLogIsAway(route(...request));

  async function route(...[method, params, caller, traceparent]: Parameters<Dispatch>): ReturnType<Dispatch> {
    if (!isMethodName(method)) return E.left(refuse('MethodNotFound', method.slice(0, 100)));
    const gone = goneAs(caller);
    if (gone !== undefined) return E.left(refuse(gone));
    const decoded = decodeWith(methods[method].params as t.Type<unknown, unknown, unknown>, params ?? {});
    if (E.isLeft(decoded)) return E.left(refuse('InvalidParams', decoded.left));
    if (isCommandType(method)) {
      const command = commandOf(
        { type: method, data: decoded.right } as Pick<Command, 'type' | 'data'>,
        caller,
      );
      return E.isLeft(command) ? command : commands.execute(new ExecuteCommand(command.right, traceparent));
    }
    switch (method) {
      case 'conversation.list':
        return queries.execute(
          new ConversationList(caller.user, decoded.right as QueryOf<'conversation.list'>),
        );
      case 'conversation.get': {
        const asked = decoded.right as QueryOf<'conversation.get'>;
        return queries.execute(
          asked.at === undefined
            ? new ConversationGet(caller.user, asked, mayImport(caller))
            : new ConversationAt(caller.user, { ...asked, at: asked.at }),
        );
      }
      case 'message.list':
        return queries.execute(new MessageList(caller.user, decoded.right as QueryOf<'message.list'>));
      case 'receipt.mark':
        return commands.execute(
          new MarkReceipts(caller.user, (decoded.right as t.TypeOf<typeof ReceiptMarks>).marks, now()),
        );
      case 'device.register':
      case 'device.revoke':
        return commands.execute(
          new ExecuteAccountCommand(
            { type: method, data: decoded.right, ...whoAsks(caller), at: now() } as AccountCommand,
            traceparent,
          ),
        );
      case 'account.erase': {
        const erase = eraseOf(decoded.right as t.TypeOf<typeof AccountErase>, caller, now());
        return E.isLeft(erase)
          ? erase
          : commands.execute(new ExecuteAccountCommand(erase.right, traceparent));
      }
      case 'device.list':
        return queries.execute(new DeviceList(caller.user, caller.device));
      case 'device.keys':
        return queries.execute(new DeviceKeys(caller.user, decoded.right as QueryOf<'device.keys'>, now()));
      case 'message.info':
        return queries.execute(new MessageInfo(caller.user, decoded.right as QueryOf<'message.info'>));
      case 'session.sync':
        return queries.execute(new SessionSync(caller.user, decoded.right as QueryOf<'session.sync'>));
      case 'call.get':
        return queries.execute(new CallGet(caller.user, decoded.right as QueryOf<'call.get'>));
      case 'call.list':
        return queries.execute(new CallList(caller.user, decoded.right as QueryOf<'call.list'>));
      case 'session.open':
      case 'session.renew':
      case 'typing.set':
      case 'presence.set':
      case 'presence.watch':
        return E.left(refuse('MethodNotFound', `${method} is for WebSockets`));
      default:
        return E.left(refuse('MethodNotFound', `${method satisfies VoiceMethod} is for WebSockets`));
    }
  }

  function commandOf(
    { type, data }: Pick<Command, 'type' | 'data'>,
    caller: Caller,
  ): E.Either<Refusal, Command> {
    const imports = data.as !== undefined || data.sentAt !== undefined || data.producer !== undefined;
    if (imports && !mayImport(caller)) {
      return E.left(refuse('ScopeMissing', "as, sentAt and producer need the scope 'import'"));
    }
    const refused = refusedHold(type, legalHold);
    if (refused !== undefined) return E.left(refused);
    const actor = data.as ?? caller.user;
    return E.right({
      type,
      data,
      actor,
      at: now(),
      device: caller.device,
      p2pMax,
      banHashes: banHashesFor(banKey, type, data, actor),
      ...(isOperator(type, caller) ? { asOperator: true } : {}),
    } as Command);
  }
}

/** One erases oneself, or as an operator another. */
function eraseOf(
  data: t.TypeOf<typeof AccountErase>,
  caller: Caller,
  at: number,
): E.Either<Refusal, AccountCommand> {
  const { user = caller.user } = data;
  const erase = { type: 'account.erase', data, user, by: caller.device, at } as const;
  if (user === caller.user) return E.right(erase);
  return caller.scopes.includes('erase')
    ? E.right({ ...erase, operator: caller.user })
    : E.left(refuse('ScopeMissing', "erasing somebody else needs the scope 'erase'"));
}

const whoAsks = ({ user, device }: Caller) => ({ user, by: device });

const mayImport = (caller: Caller): boolean => caller.scopes.includes('import');
