/**
 * Injects true in a server, and false in a command of the operator. A command changes what it was asked to change: it does not
 * make what a server makes at its start.
 */
export const IS_SERVER = Symbol('IS_SERVER');
