export const ENV = Symbol('ENV');
export type Env = Readonly<{
  NODE_ENV: string;
  isProduction: boolean;
  HOST: string;
  PORT: number;
  PUBLIC_URL: string;
  APP_URL: string;
  DATABASE_URL: string;
  REDIS_URL: string | undefined;
  JWT_SECRET: string;
  JWT_PREVIOUS_SECRETS: readonly string[];
  JWT_ALGORITHM: 'ES256' | 'RS256' | 'PS256' | 'HS256';
  JWT_ISSUER: string;
  JWT_AUDIENCE: string;
  ACCESS_TOKEN_TTL: number;
  REFRESH_TOKEN_TTL: number;
  SESSION_MAX_AGE: number;
  REFRESH_GRACE_SECONDS: number;
  CLOCK_TOLERANCE_SECONDS: number;
  MAX_SESSIONS_PER_USER: number;
  BCRYPT_COST: number;
  SIGNUP_ENABLED: boolean;
  REQUIRE_EMAIL_VERIFICATION: boolean;
  COOKIE_DOMAIN: string | undefined;
  COOKIE_SAMESITE: 'lax' | 'strict' | 'none';
  COOKIE_SECURE: boolean;
  CORS_ORIGINS: readonly string[];
  TRUST_PROXY: number | readonly string[] | false;
  INTROSPECTION: boolean;
  IDE: boolean;
  LOG_LEVEL: string;
  ADMIN_EMAIL: string | undefined;
  ADMIN_PASSWORD: string | undefined;
}>;
export function parseEnv(raw: Record<string, string | undefined>): Env {
  const isProduction = !['development', 'test', undefined].includes(raw['NODE_ENV']);
  const PORT = Number(raw['PORT'] ?? 4000);
  const PUBLIC_URL = raw['PUBLIC_URL'] ?? `http://localhost:${PORT}`;
  return {
    NODE_ENV: raw['NODE_ENV'] ?? 'development',
    isProduction,
    HOST: raw['HOST'] ?? '0.0.0.0',
    PORT,
    PUBLIC_URL,
    APP_URL: 'http://localhost:5173',
    DATABASE_URL: raw['DATABASE_URL'] ?? 'sqlite:./data/latchkey.sqlite',
    REDIS_URL: undefined,
    JWT_SECRET: raw['JWT_SECRET'] ?? '',
    JWT_PREVIOUS_SECRETS: raw['JWT_PREVIOUS_SECRETS']?.split(',') ?? [],
    JWT_ALGORITHM: (raw['JWT_ALGORITHM'] ?? 'ES256') as 'ES256',
    JWT_ISSUER: PUBLIC_URL,
    JWT_AUDIENCE: 'latchkey',
    ACCESS_TOKEN_TTL: 900,
    REFRESH_TOKEN_TTL: 2592000,
    SESSION_MAX_AGE: 7776000,
    REFRESH_GRACE_SECONDS: 60,
    CLOCK_TOLERANCE_SECONDS: 5,
    MAX_SESSIONS_PER_USER: 100,
    BCRYPT_COST: Number(raw['BCRYPT_COST'] ?? 12),
    SIGNUP_ENABLED: true,
    REQUIRE_EMAIL_VERIFICATION: false,
    COOKIE_DOMAIN: undefined,
    COOKIE_SAMESITE: 'lax',
    COOKIE_SECURE: false,
    CORS_ORIGINS: ['http://localhost:5173'],
    TRUST_PROXY: false,
    INTROSPECTION: !isProduction,
    IDE: !isProduction,
    LOG_LEVEL: raw['LOG_LEVEL'] ?? 'info',
    ADMIN_EMAIL: raw['ADMIN_EMAIL'],
    ADMIN_PASSWORD: raw['ADMIN_PASSWORD'],
  };
}
