export { stop as default } from './postgres-suite.mjs';
