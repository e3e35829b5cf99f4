/** Vendure with nothing in its shop: `node server.mjs FILE PORT`. */
import { bootstrap, DefaultLogger, LogLevel } from '@vendure/core';

const [database, port] = process.argv.slice(2);
await bootstrap({
  apiOptions: { hostname: '127.0.0.1', port: Number(port), adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
  authOptions: {
    tokenMethod: 'bearer',
    superadminCredentials: { identifier: 'superadmin', password: 'correct horse battery' },
  },
  dbConnectionOptions: { type: 'better-sqlite3', database, synchronize: true, logging: false },
  paymentOptions: { paymentMethodHandlers: [] },
  customFields: {},
  logger: new DefaultLogger({ level: LogLevel.Error }),
});
process.once('SIGTERM', () => process.exit(0));
