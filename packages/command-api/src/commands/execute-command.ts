import { Inject } from '@nestjs/common';
import { Command as BusCommand, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Answer } from '@parley/domain/conversation/answer';
import type { Command } from '@parley/domain/conversation/commands';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { Either } from 'fp-ts/lib/Either.js';
import { COMMAND_RESOURCES } from '../injection.js';
import { type CommandResources, handleCommand } from './handle.js';

/** A command of a conversation on the bus: the union of them all, because one decider takes them all. */
export class ExecuteCommand extends BusCommand<Either<Refusal, Answer>> {
  constructor(
    readonly command: Command,
    readonly traceparent?: string,
  ) {
    super();
  }
}

@CommandHandler(ExecuteCommand)
export class ExecuteCommandHandler implements ICommandHandler<ExecuteCommand> {
  constructor(@Inject(COMMAND_RESOURCES) private readonly resources: CommandResources) {}

  execute({ command, traceparent }: ExecuteCommand): Promise<Either<Refusal, Answer>> {
    return handleCommand(this.resources, command, traceparent);
  }
}
