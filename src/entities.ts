import { AuditChain } from './audit/audit-chain.entity.js';
import { AuditEvent } from './audit/audit-event.entity.js';
import { SigningKey } from './keys/signing-key.entity.js';
import { JobState } from './jobs/job.entity.js';
import { Mail } from './mail/mail.entity.js';
import { Role } from './roles/role.entity.js';
import { RevocationListState } from './revocation/revocation-list.entity.js';
import { Session } from './sessions/session.entity.js';
import { OneTimeToken } from './tokens/one-time-token.entity.js';
import { FormerAddress } from './users/former-address.entity.js';
import { HeldAddress } from './users/held-address.entity.js';
import { User } from './users/user.entity.js';

/** Every entity, listed by hand: a file that is found by its name is one that can be forgotten by its name. */
export const entities = [
  AuditChain,
  AuditEvent,
  JobState,
  Mail,
  SigningKey,
  Role,
  User,
  FormerAddress,
  HeldAddress,
  OneTimeToken,
  Session,
  RevocationListState,
];
