import { describe, expect, it } from 'vitest';
import { directConversationId, SYSTEM } from '../ids.js';
import { command, hashOf, NOON } from '../testing/commands.js';
import { created, given, happened } from '../testing/given.js';
import { closeTitle } from './body.js';

const member = (user: string) => ({ user, role: 'member', banHash: hashOf(user) }) as const;
const owner = (user: string) => ({ user, role: 'owner', banHash: hashOf(user) }) as const;
const ANN_AND_BOB = directConversationId('ann', 'bob');

describe('creating a conversation', () => {
  it('makes the creator of a group its owner and the others members', () => {
    given()
      .when(
        command('conversation.create', 'ann', { kind: 'group', members: ['bob', 'cem'], title: 'Garden' }),
      )
      .makes('conversation.created', {
        kind: 'group',
        ttl: null,
        title: closeTitle('Garden'),
        members: [owner('ann'), member('bob'), member('cem')],
      });
  });

  it('makes a channel, with the life of its messages', () => {
    given()
      .when(command('conversation.create', 'ann', { kind: 'channel', members: [], ttl: 3_600 }))
      .makes('conversation.created', { kind: 'channel', ttl: 3_600, members: [owner('ann')] });
  });

  it('makes a group that ends, far enough ahead', () => {
    const create = (expiresAt: number) =>
      command('conversation.create', 'ann', { kind: 'group', members: [], expiresAt });
    given()
      .when(create(NOON + 5_000))
      .makes('conversation.created', {
        kind: 'group',
        ttl: null,
        members: [owner('ann')],
        expiresAt: NOON + 5_000,
      });
    for (const expiresAt of [0, NOON, NOON + 4_999])
      given().when(create(expiresAt)).isRefused('LifeNotAllowed', 'expiresAt must be 5 s ahead at least');
  });

  it('makes no direct conversation that ends', () => {
    given()
      .when(
        command('conversation.create', 'ann', {
          conversationId: ANN_AND_BOB,
          kind: 'direct',
          members: ['bob'],
          expiresAt: NOON + 60_000,
        }),
      )
      .isRefused('NotForThisKind', 'a direct conversation does not end; set a life for its messages');
  });

  it('counts people named twice, and the creator among them, once', () => {
    given()
      .when(command('conversation.create', 'ann', { kind: 'group', members: ['bob', 'ann', 'bob'] }))
      .makes('conversation.created', { kind: 'group', ttl: null, members: [owner('ann'), member('bob')] });
  });

  it('makes two equals of a direct conversation, whoever of them asks', () => {
    for (const [actor, other] of [['ann', 'bob'] as const, ['bob', 'ann'] as const]) {
      given()
        .when(
          command('conversation.create', actor, {
            conversationId: ANN_AND_BOB,
            kind: 'direct',
            members: [other],
            ttl: 60,
          }),
        )
        .makes('conversation.created', { kind: 'direct', ttl: 60, members: [member(actor), member(other)] });
    }
  });

  it('refuses a direct conversation of one, of three, and with oneself', () => {
    const direct = (members: readonly string[]) =>
      command('conversation.create', 'ann', { conversationId: ANN_AND_BOB, kind: 'direct', members });
    given().when(direct([])).isRefused('DirectNeedsTwo');
    given()
      .when(direct(['ann']))
      .isRefused('DirectNeedsTwo');
    given()
      .when(direct(['bob', 'cem']))
      .isRefused('DirectNeedsTwo');
  });

  it('refuses a direct conversation under an id that is not the one of the pair, and says which is', () => {
    for (const conversationId of ['garden', directConversationId('ann', 'cem')]) {
      given()
        .when(command('conversation.create', 'ann', { conversationId, kind: 'direct', members: ['bob'] }))
        .isRefused('DirectNeedsTwo', 'the id must be dm-3-ann-bob');
    }
  });

  it('refuses a title for a direct conversation', () => {
    given()
      .when(
        command('conversation.create', 'ann', {
          conversationId: ANN_AND_BOB,
          kind: 'direct',
          members: ['bob'],
          title: 'Us',
        }),
      )
      .isRefused('NotForThisKind', 'a direct conversation has no title');
  });

  it('refuses the id of a direct conversation to groups and channels', () => {
    for (const kind of ['group', 'channel'] as const) {
      given()
        .when(command('conversation.create', 'cem', { conversationId: ANN_AND_BOB, kind, members: ['ann'] }))
        .isRefused('NotForThisKind', 'ids that begin with dm- are for direct conversations');
    }
  });

  it('refuses an id that is taken, also by a conversation that is closed, and to a stranger', () => {
    const garden = created('group', { ann: 'owner' });
    const again = command('conversation.create', 'ann', { kind: 'group', members: [] });
    given(garden).when(again).isRefused('ConversationExists');
    given(garden, happened('ann', 'conversation.closed', {}))
      .when(again)
      .isRefused('ConversationExists');
    given(garden)
      .when(command('conversation.create', 'eve', { kind: 'group', members: [] }))
      .isRefused('ConversationExists');
  });

  it('tells nobody but the two whether their direct conversation exists', () => {
    const taken = created('direct', { ann: 'member', bob: 'member' });
    const create = (actor: string, kind: 'direct' | 'group', members: readonly string[]) =>
      command('conversation.create', actor, { conversationId: ANN_AND_BOB, kind, members });
    for (const past of [[], [taken]]) {
      given(...past)
        .when(create('eve', 'direct', ['ann']))
        .isRefused('DirectNeedsTwo', 'the id must be dm-3-ann-eve');
      given(...past)
        .when(create('eve', 'group', ['ann', 'bob']))
        .isRefused('NotForThisKind', 'ids that begin with dm- are for direct conversations');
    }
    given(taken)
      .when(create('bob', 'direct', ['ann']))
      .isRefused('ConversationExists');
  });

  it('is not for the system', () => {
    given()
      .when(command('conversation.create', SYSTEM, { kind: 'group', members: ['ann'] }))
      .isRefused('NotAllowed', 'only people converse');
  });

  it('throws when the hash of someone named did not come along, rather than share one', () => {
    const create = command('conversation.create', 'ann', { kind: 'group', members: ['bob', 'constructor'] });
    const { constructor: _, ...others } = create.banHashes;
    expect(() => given().when({ ...create, banHashes: others })).toThrow(
      'names constructor without a ban hash',
    );
  });
});
