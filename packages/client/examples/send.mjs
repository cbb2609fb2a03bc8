// Connects, sends a message to somebody, and shows what comes back.
import { connect } from '@parley/client/parley-client';
import { directConversationId } from '@parley/domain/ids';

const { PARLEY_URL: url, PARLEY_TOKEN: token, PARLEY_TO: other = 'bob' } = process.env;

const parley = await connect({ url, token, device: 'example' });
const heard = new Promise((resolve) => {
  parley.on('event', ({ seq, type, actor }) => {
    console.log(`${seq} ${type} by ${actor}`);
    if (type === 'message.sent') resolve();
  });
});

const conversationId = directConversationId(parley.user, other);
await parley
  .call('conversation.create', { conversationId, kind: 'direct', members: [other] })
  .catch((refusal) => {
    // A refusal has a tag that stays, a sentence for people, and says whether trying again can help.
    if (refusal.tag !== 'ConversationExists') throw refusal;
  });
const { seq } = await parley.send(conversationId, { text: 'hello' });
console.log(`stored as ${seq}`);
await heard;
parley.close();
