import { Cluster, Redis } from 'ioredis';
import type { RedisTarget } from '../config/redis-target.js';

/** A client of any of the three kinds. Both classes have the commands. */
export type RedisClient = Redis | Cluster;

/** From a loss to the next attempt. A server that is back is used within this and one heartbeat. */
const RECONNECT_MS = 100;
const CONNECT_TIMEOUT_MS = 1_000;

/**
 * Nothing is queued for a connection that is not there, and nothing is sent twice (redis/ioredis#61, #1146). How long an
 * answer may take is the business of `SharedStore`.
 */
const UNQUEUED = {
  connectionName: 'latchkey',
  disableClientInfo: true,
  lazyConnect: true,
  connectTimeout: CONNECT_TIMEOUT_MS,
  // A connection that is closed may have nobody at its other end.
  disconnectTimeout: 100,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
};

export function createRedisClient(target: RedisTarget): RedisClient {
  const options = { ...UNQUEUED, ...credentials(target) };
  const hosts = target.hosts.map(({ host, port }) => ({ host, port }));
  switch (target.kind) {
    case 'single':
      return new Redis({ ...options, ...hosts[0], db: target.db, retryStrategy: reconnect });
    case 'sentinel':
      return new Redis({
        ...options,
        db: target.db,
        sentinels: hosts,
        name: target.name ?? '',
        retryStrategy: reconnect,
        sentinelRetryStrategy: reconnect,
        // Leaves the old master as soon as the Sentinels agree on a new one.
        failoverDetector: true,
      });
    case 'cluster':
      return new Cluster(hosts, {
        redisOptions: options,
        lazyConnect: true,
        enableOfflineQueue: false,
        clusterRetryStrategy: reconnect,
        // A node that is gone is a reason to ask the database, not to wait.
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
        slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
      });
  }
}

const reconnect = (): number => RECONNECT_MS;

function credentials({ username, password, tls }: RedisTarget) {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  };
}
