import { SYSTEM } from '../ids.js';
import { isOver } from './access.js';
import type {
  EraseConversation,
  EraseMember,
  EraseMessage,
  HoldConversation,
  ReleaseConversation,
} from './commands.js';
import { type Decision, no, unchanged, yes } from './decision.js';
import { recallSeq } from './recent.js';
import type { Standing } from './state.js';
import type { Role } from './vocabulary.js';

/** Operators alone, who come as such: their token has the scope `hold`. */
export function hold(state: Standing, { asOperator, data }: HoldConversation): Decision {
  if (asOperator !== true) return no('ScopeMissing', "holds need the scope 'hold'");
  return state.hold?.reason === data.reason
    ? unchanged
    : yes({ type: 'conversation.held', data: { reason: data.reason } });
}

export function release(state: Standing, { asOperator }: ReleaseConversation): Decision {
  if (asOperator !== true) return no('ScopeMissing', "holds need the scope 'hold'");
  return state.hold === undefined ? unchanged : yes({ type: 'conversation.released', data: {} });
}

/** By its owners, by operators (scope `erase`), and by the system when its time is over. */
export function eraseConversation(state: Standing, { actor, asOperator, at }: EraseConversation): Decision {
  if (actor === SYSTEM) {
    if (!isOver(state.expiresAt, at)) return no('NotAllowed', 'its time is not over');
  } else if (asOperator !== true) {
    if (state.kind === 'direct')
      return no('NotForThisKind', 'an operator alone erases a direct conversation');
    if (state.members.get(actor)?.role !== 'owner') return no('NotAllowed');
  }
  if (state.hold !== undefined) return no('OnLegalHold', state.hold.reason);
  return yes({ type: 'conversation.erased', data: {} });
}

/** What an account's erasure makes of each conversation the person was in. */
export function eraseMember(state: Standing, { actor, data: { user } }: EraseMember): Decision {
  if (actor !== SYSTEM) return no('NotAllowed', 'a person is erased by account.erase');
  if (state.hold !== undefined) return no('OnLegalHold', state.hold.reason);
  const isLastOwner = state.members.get(user)?.role === 'owner' && state.owners === 1;
  const successor = isLastOwner ? successorOf(state, user) : undefined;
  return yes({
    type: 'member.erased',
    data: successor === undefined ? { user } : { user, successor },
  });
}

/** The admin who is there longest, else the member who is. */
function successorOf(state: Standing, going: string): string | undefined {
  const others = [...state.members].filter(([user]) => user !== going);
  const longest = (role: Role): string | undefined =>
    others
      .filter(([, member]) => member.role === role)
      .reduce<(typeof others)[number] | undefined>(
        (first, each) => (first === undefined || each[1].since < first[1].since ? each : first),
        undefined,
      )?.[0];
  return longest('admin') ?? longest('member');
}

/** Says what is left of a deleted message before its events are taken out of the log. */
export function eraseMessage(state: Standing, { actor, data }: EraseMessage): Decision {
  if (actor !== SYSTEM) return no('NotAllowed', 'a message is erased by message.delete');
  if (state.hold !== undefined) return no('OnLegalHold', state.hold.reason);
  const { seq, remains, deletedAt, expired } = data;
  const deed = recallSeq(state.recent, seq);
  if (deed?.type === 'message.sent' && deed.gone !== true)
    return no('NotAllowed', `the message at seq ${seq} is not deleted`);
  return yes({
    type: 'message.erased',
    data: {
      seq,
      remains,
      ...(deletedAt === undefined ? {} : { deletedAt }),
      ...(expired === undefined ? {} : { expired }),
    },
  });
}
