import { Module } from '@nestjs/common';
import { RolesModule } from '../roles/roles.module.js';
import { HeldAddresses } from './held-addresses.service.js';
import { UserConnectionResolver } from './user-connection.resolver.js';
import { UserList } from './user-list.service.js';
import { UsersResolver } from './users.resolver.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [RolesModule],
  providers: [UsersService, UserList, HeldAddresses, UsersResolver, UserConnectionResolver],
  exports: [UsersService, UserList, HeldAddresses, RolesModule],
})
export class UsersModule {}
