import type { RedisClient } from '../store/redis-client.js';

/**
 * A list of revocations in Redis: from when it is complete, and what makes it this one. Its text is the value of a key that
 * lies beside the marks, so that what loses them loses the list as well.
 */
export interface RevocationListId {
  readonly text: string;
  /** Of the Redis process. Another one, or the same after a restart, may have lost marks. */
  readonly runId: string;
  /** Epoch seconds. Nothing is known about tokens that were issued earlier. */
  readonly since: number;
  /** Seconds. Nothing is known about tokens that live longer: marks may be gone before them. */
  readonly tokenTtl: number;
}

/** What one heartbeat learns of Redis. Times are epoch milliseconds, by the clock of Redis. */
export interface RedisState {
  readonly list: RevocationListId | undefined;
  readonly runId: string;
  readonly now: number;
  /** The latest time that was ever seen. Later than `now` when the clock was set back. */
  readonly latest: number;
  /** What is kept as the latest time is none, or more than a day ahead, or one of the keys was of another type. `latest` is without it. */
  readonly keepsFalseTime: boolean;
  /** Redis may throw keys away before their time. */
  readonly evicts: boolean;
}

/** One hash tag: a Cluster keeps them together, so that one command can read them. */
const LIST_KEY = '{revocations}:list';
const TIME_KEY = '{revocations}:time';
const markOf = (kind: 'session' | 'user', id: string): string => `{revocations}:${kind}:${id}`;

/** Whom a revocation is about. A user's mark is about all of his sessions. */
export type Revoked = { readonly sessionId: string } | { readonly userId: string };

/** Renewed by every heartbeat. Shorter than `MARK_SLACK_SECONDS`: a clock that leaps ahead ends the list before a mark. */
const LIST_TTL_MS = 30_000;
/** How long a time is kept, and how far ahead of Redis's clock it can be. */
const TIME_TTL_MS = 86_400_000;
/** What a mark outlives the tokens by that it is about. */
const MARK_SLACK_SECONDS = 300;

const HEARTBEAT = `
local isFalse = false
local function read(key)
  local kind = redis.call('TYPE', key).ok
  if kind == 'string' or kind == 'none' then return redis.call('GET', key) end
  redis.call('DEL', key)
  isFalse = true
end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local latest = math.max(now, tonumber(ARGV[3]))
local list = read(KEYS[1])
local kept = read(KEYS[2])
local time = kept and string.match(kept, '^%d+$') and tonumber(kept)
isFalse = isFalse or kept and not (time and time <= now + ARGV[2])
if not isFalse then
  latest = math.max(latest, time or 0)
  redis.call('SET', KEYS[2], string.format('%.0f', latest), 'PX', ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
local info = redis.call('INFO', 'server') .. redis.call('INFO', 'memory')
return { list, info, string.format('%.0f', now), string.format('%.0f', latest), isFalse and 1 or 0 }`;

const MARK = `
for index = 2, #KEYS do redis.call('SET', KEYS[index], '1', 'EX', ARGV[1]) end
return { redis.call('GET', KEYS[1]), redis.call('INFO', 'server') }`;

type Reply = [list: string | null, info: string, now?: string, latest?: string, isFalse?: number];

/** The commands behind `RevocationList`. Each is one round trip; each fails when Redis does. */
export class RevocationStore {
  constructor(private readonly client: RedisClient) {}

  /** @param latest the latest time that this process has seen and found right, 0 for none */
  async heartbeat(latest: number): Promise<RedisState> {
    const keys = [LIST_KEY, TIME_KEY];
    const reply = await this.client.eval(HEARTBEAT, keys.length, ...keys, LIST_TTL_MS, TIME_TTL_MS, latest);
    const [list, info, now, latestTime, isFalse] = reply as Reply;
    const limit = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    return {
      list: parseList(list),
      runId: runIdOf(info),
      now: Number(now),
      latest: Number(latestTime),
      keepsFalseTime: isFalse === 1,
      evicts: limit > 0 && policy !== 'noeviction',
    };
  }

  /** Begins this list, in place of any other. */
  async begin(list: RevocationListId): Promise<void> {
    await this.client.set(LIST_KEY, list.text, 'PX', LIST_TTL_MS);
  }

  /** The same, and forgets the latest time: the next heartbeat keeps one again. */
  async beginAnew(list: RevocationListId): Promise<void> {
    await this.begin(list);
    await this.client.del(TIME_KEY);
  }

  /**
   * Marks what was revoked, for as long as tokens live.
   *
   * @returns the list that the marks are on, undefined when there is none or it is a copy that this Redis took over
   */
  async mark(revoked: readonly Revoked[], tokenTtl: number): Promise<RevocationListId | undefined> {
    const keys = revoked.map((it) => ('userId' in it ? markOf('user', it.userId) : markOf('session', it.sessionId)));
    const ttl = tokenTtl + MARK_SLACK_SECONDS;
    const [text, info] = (await this.client.eval(MARK, keys.length + 1, LIST_KEY, ...keys, ttl)) as Reply;
    const list = parseList(text);
    return list?.runId === runIdOf(info) ? list : undefined;
  }

  /** True when Redis holds this list, and nothing on it is about the session or its user. */
  async isClear(list: RevocationListId, sessionId: string, userId: string): Promise<boolean> {
    const keys = [LIST_KEY, markOf('session', sessionId), markOf('user', userId)];
    const [found, session, user] = await this.client.mget(keys);
    return found === list.text && session === null && user === null;
  }
}

export function formatList(runId: string, since: number, tokenTtl: number, id: string): RevocationListId {
  return { text: [runId, since, tokenTtl, id].join(':'), runId, since, tokenTtl };
}

function parseList(text: string | null): RevocationListId | undefined {
  const [, runId, since, tokenTtl] = /^(\w+):(\d+):(\d+):[\w-]+$/.exec(text ?? '') ?? [];
  if (!text || !runId) return undefined;
  return { text, runId, since: Number(since), tokenTtl: Number(tokenTtl) };
}

const runIdOf = (info: string): string => /^run_id:(\w+)/m.exec(info)?.[1] ?? '';
