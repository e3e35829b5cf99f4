/** What `REDIS_URL` names. */
export interface RedisTarget {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  /** Of the Redis, of the Sentinels, or of some nodes of the Cluster. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  /** Of the master, as the Sentinels know it. */
  readonly name: string | undefined;
  readonly db: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
}
