import {
  host,
  iceUrls,
  integer,
  networks,
  oneOf,
  optional,
  path,
  port,
  secret,
  secrets,
  sharedText,
  token,
  url,
  withDefault,
} from './field-codecs.js';

/**
 * Every variable that any process of Parley reads. A process takes those it needs; a bad value of any of them, or a name
 * that begins with PARLEY_ and is not here, stops whichever process finds it.
 */
export const variables = {
  /** Address of the log. */
  NATS_URL: url('nats', 'tls', 'ws', 'wss'),
  /** Address of the read models. */
  DATABASE_URL: url('postgres', 'postgresql'),
  /** Address of cache, presence and leases. */
  REDIS_URL: url('redis', 'rediss'),
  /** Number of partitions of the log: chosen once, kept with the log. */
  PARLEY_PARTITIONS: withDefault(integer(1, 100), 16),
  /** Copies of every stream: 1 on one server, 3 in a cluster. */
  PARLEY_REPLICAS: withDefault(integer(1, 5), 1),
  /** Key of the tokens that a local stack signs for itself (HS256). */
  PARLEY_TOKEN_SECRET: optional(secret(32)),
  /** Where the keys of an identity provider are published; instead of a local secret. */
  PARLEY_JWKS_URL: optional(url('https', 'http')),
  /** Key of the hashes under which bans are kept. */
  PARLEY_BAN_KEY: secret(16),
  /** Keys that wrap the secrets under which bodies are sealed, newest first. Whoever loses them loses every body. */
  PARLEY_MASTER_KEYS: secrets(32),
  /** Seed of the key that certificates of erasures are signed with; the command-line makes one for a home. */
  PARLEY_CERTIFICATE_KEY: optional(secret(32)),
  /** Whether operators (scope `hold`) may put conversations on legal hold. What is held can be released all the same. */
  PARLEY_LEGAL_HOLD: withDefault(oneOf('on', 'off'), 'off'),
  PARLEY_LOG_LEVEL: withDefault(oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'info'),
  /** Points of a user in 10 s, all devices together, for commands, for queries, and for receipts, typing and presence; 0: no limit. */
  PARLEY_LIMIT_COMMANDS: withDefault(integer(0, 1_000_000), 2_000),
  PARLEY_LIMIT_QUERIES: withDefault(integer(0, 1_000_000), 4_000),
  PARLEY_LIMIT_SIGNALS: withDefault(integer(0, 1_000_000), 4_000),
  /** Sessions that a user may open, and refused tokens that an address may send, in 10 s; 0: no limit. */
  PARLEY_LIMIT_OPENS: withDefault(integer(0, 1_000_000), 200),
  /** Proxies whose X-Forwarded-For is believed; their own addresses are not limited. */
  PARLEY_TRUSTED_PROXIES: withDefault(networks, []),
  /** For how long, in seconds, who received and read a message is told after it expired or was deleted; then it is forgotten. */
  PARLEY_PROOF_OF_DELIVERY: withDefault(integer(0, 315_360_000), 604_800),
  PARLEY_HTTP_HOST: withDefault(host, '127.0.0.1'),
  /** 0 lets the system choose; the process says which it got. */
  PARLEY_HTTP_PORT: withDefault(port, 0),
  /**
   * Whether a page of the gateway may sign in by a name alone. Only the embedded stack turns it on; it works from this machine
   * alone, and with PARLEY_TOKEN_SECRET alone.
   */
  PARLEY_LOCAL_SIGN_IN: withDefault(oneOf('on', 'off'), 'off'),
  /** Most participants of a call who talk without a server; with one more everybody goes by an SFU node. 0 or 1: nobody does. */
  VOICE_P2P_MAX: withDefault(integer(0, 8), 4),
  /** Key of the tickets to SFU nodes; made of PARLEY_TOKEN_SECRET where that is set. */
  PARLEY_VOICE_SECRET: optional(secret(32)),
  /** Where an SFU node is: callers are brought to one of their gateway's region, where there is one. */
  PARLEY_VOICE_REGION: withDefault(host, 'local'),
  /** The address an SFU node receives media on, and the one it tells clients, if they reach it by another. */
  PARLEY_VOICE_LISTEN: withDefault(host, '127.0.0.1'),
  PARLEY_VOICE_ADDRESS: optional(host),
  /** The UDP and TCP ports of its media. */
  PARLEY_VOICE_PORT_MIN: withDefault(integer(1_024, 65_535), 40_000),
  PARLEY_VOICE_PORT_MAX: withDefault(integer(1_024, 65_535), 49_999),
  /** Workers of an SFU node; one per core unless said otherwise. */
  PARLEY_VOICE_WORKERS: optional(integer(1, 64)),
  /** Participants of one call that an SFU node takes before others go to edge nodes. */
  PARLEY_VOICE_COMFORTABLE: withDefault(integer(1, 1_000), 50),
  /** Seconds in which a node that drains has moved its calls. */
  PARLEY_VOICE_DRAIN: withDefault(integer(1, 3_600), 30),
  /** The program of the media workers: mediasoup-worker of the version that is used here. */
  PARLEY_MEDIASOUP_WORKER: optional(path),
  /**
   * Whose addresses participants of a mesh may tell each other: `all`, or `public` ones alone, which takes private, loopback and link-local ones out of what is
   * relayed; names of mDNS pass.
   */
  PARLEY_VOICE_CANDIDATES: withDefault(oneOf('all', 'public'), 'all'),
  /** STUN and TURN servers that clients are told of, with commas between them. */
  PARLEY_STUN_URLS: withDefault(iceUrls('stun', 'stuns'), []),
  PARLEY_TURN_URLS: withDefault(iceUrls('turn', 'turns'), []),
  /** What those TURN servers share with us (coturn: static-auth-secret); credentials of an hour are made of it. */
  PARLEY_TURN_SECRET: optional(sharedText(16)),
  /** Data of the embedded stack. */
  PARLEY_HOME: optional(path),
  /** The program that makes broadcasts of calls. */
  PARLEY_FFMPEG: optional(path),
  /** The browser and the TURN server of the tests. */
  PARLEY_CHROMIUM: optional(path),
  PARLEY_TURNSERVER: optional(path),
  /** Where fetched server programs are kept. */
  PARLEY_CACHE: optional(path),
  /** The socket that commands of the terminal speak to, instead of the embedded stack's. */
  PARLEY_URL: optional(url('ws', 'wss')),
  /** Who those commands are. */
  PARLEY_TOKEN: optional(token),
} as const;

export type VariableName = keyof typeof variables;
