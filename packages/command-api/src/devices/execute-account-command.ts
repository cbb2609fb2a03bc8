import { Inject } from '@nestjs/common';
import { Command as BusCommand, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AccountAnswer } from '@parley/domain/account/answer';
import type { AccountCommand } from '@parley/domain/account/commands';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { Either } from 'fp-ts/lib/Either.js';
import { ACCOUNT_RESOURCES } from '../injection.js';
import { type AccountResources, handleAccountCommand } from './handle.js';

/** A command about a user's devices on the bus. */
export class ExecuteAccountCommand extends BusCommand<Either<Refusal, AccountAnswer>> {
  constructor(
    readonly command: AccountCommand,
    readonly traceparent?: string,
  ) {
    super();
  }
}

@CommandHandler(ExecuteAccountCommand)
export class ExecuteAccountCommandHandler implements ICommandHandler<ExecuteAccountCommand> {
  constructor(@Inject(ACCOUNT_RESOURCES) private readonly resources: AccountResources) {}

  execute({ command, traceparent }: ExecuteAccountCommand): Promise<Either<Refusal, AccountAnswer>> {
    return handleAccountCommand(this.resources, command, traceparent);
  }
}
