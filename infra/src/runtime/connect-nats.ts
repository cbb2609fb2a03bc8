import { connect, type NatsConnection } from '@nats-io/transport-node';

/** The oldest server that keeps the promises the log needs; older ones accept some of what we ask and do not do it. */
export const minimumNats = [2, 12] as const;

export class UnsuitableNats extends Error {}

/**
 * Connects for as long as the process lives: reconnects without end, and does not give up at the start either.
 * Credentials are taken from the URL. What a callback of a subscription throws is an uncaught exception.
 *
 * @throws UnsuitableNats naming both versions when the server is too old, or keeps no streams
 */
export const connectNats = async (url: string, name: string): Promise<NatsConnection> => {
  const { servers, user, pass, token } = natsAddress(url);
  const connection = await connect({
    servers,
    name,
    ...(user === undefined ? {} : { user, pass }),
    ...(token === undefined ? {} : { token }),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    waitOnFirstConnect: true,
    pingInterval: 10_000,
    ignoreClusterUpdates: true,
  });
  const complaint = unsuitable(connection);
  if (complaint) {
    await connection.close();
    throw new UnsuitableNats(complaint);
  }
  throwAloud(connection);
  return connection;
};

/**
 * What the callback of a subscription throws would end the reader of its connection without a word, and the process would hear nothing any more.
 * It is a bug, and ends the process as every uncaught error does.
 */
function throwAloud(connection: NatsConnection): void {
  const subscribe = connection.subscribe.bind(connection);
  connection.subscribe = (subject, { callback, ...options } = {}) => {
    if (callback === undefined) return subscribe(subject, options);
    return subscribe(subject, {
      ...options,
      callback(fault, message) {
        try {
          callback(fault, message);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      },
    });
  };
}

const unsuitable = (connection: NatsConnection): string | undefined => {
  const { version = '0', jetstream } = connection.info ?? {};
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  if (major < minimumNats[0] || (major === minimumNats[0] && minor < minimumNats[1])) {
    return `the NATS server at ${connection.getServer()} is version ${version}; Parley needs ${minimumNats.join('.')} or newer`;
  }
  return jetstream
    ? undefined
    : `the NATS server at ${connection.getServer()} keeps no streams: enable JetStream`;
};

/** `nats://user:pass@host:port`, `nats://token@host:port`, several of them separated by commas. */
const natsAddress = (url: string) => {
  const urls = url.split(',').map((part) => new URL(part.includes('://') ? part : `nats://${part}`));
  const [first] = urls as [URL, ...URL[]];
  const servers = urls.map(({ protocol, host }) => (protocol === 'nats:' ? host : `${protocol}//${host}`));
  const user = decodeURIComponent(first.username);
  const pass = decodeURIComponent(first.password);
  if (user === '') return { servers };
  return pass === '' ? { servers, token: user } : { servers, user, pass };
};
