import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Refusal } from '@parley/domain/conversation/refusals';
import type { ReceiptMark, Watermarks } from '@parley/domain/wire/receipts';
import * as E from 'fp-ts/lib/Either.js';
import { RECEIPT_RESOURCES } from '../injection.js';
import { mark, type ReceiptResources } from './mark.js';

type Marked = E.Either<Refusal, { readonly watermarks: readonly Watermarks[] }>;

/** A batch of marks of one user. Each stands alone; the first refusal is the answer, what went before it has moved. */
export class MarkReceipts extends Command<Marked> {
  constructor(
    readonly user: string,
    readonly marks: readonly ReceiptMark[],
  ) {
    super();
  }
}

@CommandHandler(MarkReceipts)
export class MarkReceiptsHandler implements ICommandHandler<MarkReceipts> {
  constructor(@Inject(RECEIPT_RESOURCES) private readonly resources: ReceiptResources) {}

  async execute({ user, marks }: MarkReceipts): Promise<Marked> {
    const at = Date.now();
    const moved = await Promise.all(marks.map((receipt) => mark(this.resources, user, receipt, at)));
    const refused = moved.find(E.isLeft);
    if (refused !== undefined) return refused;
    return E.right({ watermarks: moved.flatMap((outcome) => (E.isRight(outcome) ? [outcome.right] : [])) });
  }
}
