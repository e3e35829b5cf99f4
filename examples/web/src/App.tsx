import { useSession } from '@latchkey/apollo-client/react';
import { Navigate, Route, Routes } from 'react-router';
import { latchkey } from './latchkey';
import { Admin } from './pages/Admin';
import { ConfirmEmailChange, MagicLink, ResetPassword, RevertEmailChange, VerifyEmail } from './pages/links';
import { Login } from './pages/Login';
import { NotFound } from './pages/NotFound';
import { Profile } from './pages/Profile';
import { ForgotPassword, SignInLink } from './pages/requests';
import { Security } from './pages/Security';
import { Sessions } from './pages/Sessions';
import { Signup } from './pages/Signup';
import { Narrow, Shell } from './ui/layouts';
import { Splash, Unreachable } from './ui/waiting';

/** Which pages there are, for whom. Nothing is drawn before it is known who is there, so nothing flashes. */
export function App() {
  const session = useSession(latchkey);
  if (session.status === 'loading') return <Splash />;
  if (session.status === 'unreachable') return <Unreachable retry={session.retry} />;
  return (
    <Routes>
      <Route element={<Narrow />}>
        <Route path="verify-email" element={<VerifyEmail />} />
        <Route path="reset-password" element={<ResetPassword />} />
        <Route path="magic-link" element={<MagicLink />} />
        <Route path="confirm-email-change" element={<ConfirmEmailChange />} />
        <Route path="revert-email-change" element={<RevertEmailChange />} />
      </Route>
      {session.status === 'signed-in' ? (
        <Route element={<Shell user={session.user} />}>
          <Route index element={<Profile user={session.user} />} />
          <Route path="sessions" element={<Sessions />} />
          <Route path="security" element={<Security user={session.user} />} />
          <Route path="admin" element={<Admin user={session.user} />} />
          {['login', 'signup', 'forgot-password', 'sign-in-link'].map((path) => (
            <Route key={path} path={path} element={<Navigate to="/" replace />} />
          ))}
          <Route path="*" element={<NotFound />} />
        </Route>
      ) : (
        <Route element={<Narrow />}>
          <Route path="signup" element={<Signup />} />
          <Route path="forgot-password" element={<ForgotPassword />} />
          <Route path="sign-in-link" element={<SignInLink />} />
          {/* In place of every other page, whose address stays: signing in leads to it. */}
          <Route path="*" element={<Login reason={session.reason} />} />
        </Route>
      )}
    </Routes>
  );
}
