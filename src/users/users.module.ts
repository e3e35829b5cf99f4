import { Module } from '@nestjs/common';
import { RolesModule } from '../roles/roles.module.js';
import { UsersResolver } from './users.resolver.js';
import { UsersService } from './users.service.js';

@Module({ imports: [RolesModule], providers: [UsersService, UsersResolver], exports: [UsersService, RolesModule] })
export class UsersModule {}
