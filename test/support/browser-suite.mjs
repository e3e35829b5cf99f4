/** Jest's global set-up of the `browser` project: the example is built from the companion as it is now. */
import { buildClient } from '../../scripts/setup.mjs';

export default buildClient;
