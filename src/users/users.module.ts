import { Module } from '@nestjs/common';
import { RolesModule } from '../roles/roles.module.js';
import { HeldAddresses } from './held-addresses.service.js';
import { UsersResolver } from './users.resolver.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [RolesModule],
  providers: [UsersService, HeldAddresses, UsersResolver],
  exports: [UsersService, HeldAddresses, RolesModule],
})
export class UsersModule {}
