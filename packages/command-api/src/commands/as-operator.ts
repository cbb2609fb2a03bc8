import type { CommandType } from '@parley/domain/conversation/commands';
import { type Refusal, refuse } from '@parley/domain/conversation/refusals';
import type { Caller } from '@parley/infra/rpc/protocol';

/** What a token must be good for, so that its user may do this without being a member. */
const scopes: Partial<Readonly<Record<CommandType, string>>> = {
  'conversation.hold': 'hold',
  'conversation.release': 'hold',
  'conversation.erase': 'erase',
};

/** Whether the caller comes as an operator with this command. */
export function isOperator(type: CommandType, caller: Caller): boolean {
  const scope = scopes[type];
  return scope !== undefined && caller.scopes.includes(scope);
}

/** Holds are for those who need them: off unless PARLEY_LEGAL_HOLD is on. What is held can be released all the same. */
export const refusedHold = (type: CommandType, isOn: boolean): Refusal | undefined =>
  type === 'conversation.hold' && !isOn
    ? refuse('NotAllowed', 'legal hold is off here: PARLEY_LEGAL_HOLD turns it on')
    : undefined;
