const NAMES = ['PATH', 'HOME', 'LANG', 'JAVA_HOME', 'TMPDIR', 'PACKER_PLUGIN_PATH'];

/** Of the caller's environment, what scripts and machines get too: nothing of his own AWS settings is in it. */
export function inheritedEnvironment(): Readonly<Record<string, string>> {
  const inherited = NAMES.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(inherited.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
