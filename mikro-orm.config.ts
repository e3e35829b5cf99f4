import { loadDatabaseEnv, orExit } from './src/config/load-env.js';
import { ormOptions } from './src/database/orm.options.js';
import { entities } from './src/entities.js';

/** For the MikroORM command line (`npx mikro-orm migration:list`): the same options as the server's. */
export default ormOptions(orExit(loadDatabaseEnv), entities);
