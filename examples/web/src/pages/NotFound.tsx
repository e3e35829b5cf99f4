import { Link } from 'react-router';
import { Page } from '../ui/Page';

export const NotFound = () => (
  <Page title="There is no such page">
    <p>
      The address may be misspelt. <Link to="/">Go to your profile</Link>.
    </p>
  </Page>
);
