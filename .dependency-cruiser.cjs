/** From the bottom up. A folder may import from the layers below its own. */
const LAYERS = [
  ['common', 'access'],
  ['config', 'doctor'],
  ['logging', 'telemetry'],
  ['database'],
  ['store', 'jobs', 'paging'],
  ['audit', 'mail', 'keys', 'revocation'],
  ['users', 'roles'],
  ['passwords', 'tokens', 'sessions', 'throttle'],
  ['auth'],
  ['lifecycle'],
  ['administration', 'transfer'],
  ['graphql', 'health', 'http', 'ide'],
  ['cli'],
];

/** The only imports within a layer. */
const SIDEWAYS = {
  access: ['common'],
  doctor: ['config'],
  keys: ['audit'],
  users: ['roles'],
  sessions: ['tokens'],
};

/** The files directly in `src/` put the modules together; the commands start the whole of it. */
const ROOT_FILES = '[^/]+$';

function mayImport(folder, level) {
  const below = LAYERS.slice(0, level).flat();
  const folders = [folder, ...below, ...(SIDEWAYS[folder] ?? [])].map((name) => `${name}/`);
  return folder === 'cli' ? [...folders, ROOT_FILES] : folders;
}

const layerRules = LAYERS.flatMap((folders, level) =>
  folders.map((folder) => ({
    name: `layer-of-${folder}`,
    comment: `src/${folder} imports from the layers below it only`,
    severity: 'error',
    from: { path: `^src/${folder}/` },
    to: { path: '^src/', pathNot: `^src/(${mayImport(folder, level).join('|')})` },
  })),
);

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'folder-without-layer',
      comment: 'A new folder of src/ gets a place in LAYERS',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/[^/]+/', pathNot: `^src/(${LAYERS.flat().join('|')})/` },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '^src/database/migrations/' },
      to: {},
    },
    {
      name: 'no-development-package',
      comment: 'The image of production holds no devDependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
