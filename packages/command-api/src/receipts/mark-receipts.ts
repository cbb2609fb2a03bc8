import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type Refusal, refusals, sentenceOf } from '@parley/domain/conversation/refusals';
import type { ResultOf } from '@parley/domain/wire/methods';
import type { ReceiptMark } from '@parley/domain/wire/receipts';
import * as E from 'fp-ts/lib/Either.js';
import { RECEIPT_RESOURCES } from '../injection.js';
import { mark, type ReceiptResources } from './mark.js';

type Marked = E.Either<Refusal, ResultOf<'receipt.mark'>>;

/**
 * A batch of marks of one user, made `at` this time in ms. Each stands alone: the answer says where watermarks are, and which marks were refused. Of a
 * single mark the refusal is the answer.
 */
export class MarkReceipts extends Command<Marked> {
  constructor(
    readonly user: string,
    readonly marks: readonly ReceiptMark[],
    readonly at: number,
  ) {
    super();
  }
}

@CommandHandler(MarkReceipts)
export class MarkReceiptsHandler implements ICommandHandler<MarkReceipts> {
  constructor(@Inject(RECEIPT_RESOURCES) private readonly resources: ReceiptResources) {}

  async execute({ user, marks, at }: MarkReceipts): Promise<Marked> {
    const moved = await Promise.all(marks.map((receipt) => mark(this.resources, user, receipt, at)));
    const watermarks = moved.flatMap((outcome) => (E.isRight(outcome) ? [outcome.right] : []));
    const refused = moved.flatMap((outcome, index) =>
      E.isLeft(outcome) ? [refusedMark(marks[index] as ReceiptMark, outcome.left)] : [],
    );
    const first = moved.find(E.isLeft);
    if (first !== undefined && marks.length === 1) return first;
    return E.right(first === undefined ? { watermarks } : { watermarks, refused });
  }
}

const refusedMark = ({ conversationId }: ReceiptMark, refusal: Refusal) => ({
  conversationId,
  tag: refusal.tag,
  message: sentenceOf(refusal),
  retryable: refusals[refusal.tag].retryable,
});
