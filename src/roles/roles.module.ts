import { Module } from '@nestjs/common';
import { HeldRoles } from './held-roles.js';
import { RolesService } from './roles.service.js';

@Module({ providers: [RolesService, HeldRoles], exports: [RolesService, HeldRoles] })
export class RolesModule {}
