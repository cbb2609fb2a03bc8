/** Requests to one node, by its id: from gateways, and between nodes. Answered by request/reply, see protocol.ts. */
export const nodeSubject = (node: string): string => `voice.node.${node}`;

/** What participants of a call are told, by whichever gateway or node: gateways with a participant here listen, see protocol.ts. */
export const callSubject = (conversationId: string): string => `voice.call.${conversationId}`;

/** Every node says here once a second that it is there, and how loaded: what is known of nodes while Redis is away. */
export const ALIVE_SUBJECT = 'voice.alive';
