import type { CurrentUser } from '@latchkey/apollo-client';
import { Link, NavLink, Outlet } from 'react-router';
import { latchkey } from '../latchkey';
import { ActionButton } from './ActionButton';

const Brand = () => (
  <Link to="/" className="brand">
    <img src="/favicon.svg" alt="" width="28" height="28" /> Latchkey
  </Link>
);

/** One form in the middle, for whoever is not signed in, and for the links of mails. */
export function Narrow() {
  return (
    <div className="narrow">
      <header>
        <Brand />
      </header>
      <Outlet />
    </div>
  );
}

/** The frame of all pages of somebody who is signed in. */
export function Shell({ user }: { readonly user: CurrentUser }) {
  return (
    <div className="shell">
      <header>
        <Brand />
        <nav aria-label="Pages">
          <NavLink to="/" end>
            Profile
          </NavLink>
          <NavLink to="/sessions">Sessions</NavLink>
          <NavLink to="/security">Security</NavLink>
          {user.permissions?.includes('users:read') && <NavLink to="/admin">Users</NavLink>}
        </nav>
        <div className="account">
          <span title={user.email}>{user.name ?? user.email}</span>
          <ActionButton onAct={() => latchkey.logout()}>Log out</ActionButton>
        </div>
      </header>
      <Outlet />
    </div>
  );
}
