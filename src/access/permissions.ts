/** Every permission that a role can hold. A fork adds its own here; `@Permissions()` accepts nothing else. */
export const PERMISSIONS = [
  'audit:read',
  'keys:read',
  'keys:rotate',
  'roles:assign',
  'roles:read',
  'roles:write',
  'sessions:revoke',
  'users:delete',
  'users:impersonate',
  'users:read',
  'users:write',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** The role that holds every permission, now and later. It can not be edited. */
export const ADMIN_ROLE = 'admin';

/** The role that every new user receives. */
export const USER_ROLE = 'user';
