import type { KeyPath } from './error.ts';

/** Every key of the configuration file by section, with a line as it may stand there. */
export const sections = {
  top: {
    tables_dir: 'tables_dir = "/etc/exim"',
    state_dir: 'state_dir = "/var/lib/mailhub-tables"',
    keep_history: 'keep_history = "400 days"',
    format: 'format = "auto"',
    exim: 'exim = "/usr/sbin/exim"',
    generations: 'generations = 5',
    cross_checks: '[cross_checks]',
    notify: '[notify]',
    combined: '[combined.all_table]',
    grace: '[grace.gone_table]',
    canaries: '[[canaries]], with two brackets',
    directory: '[directory.ad]',
    tables: '[tables.local_domains]',
  },
  combined: {
    tables: 'tables = ["exch_table", "o365_table"]',
    format: 'format = ["auto", "cdb"]',
  },
  grace: {
    tables: 'tables = ["exch_table", "o365_table"]',
    keep: 'keep = "3 days"',
    format: 'format = ["auto", "cdb"]',
  },
  canaries: {
    address: 'address = "postmaster@example.ac.uk"',
    table: 'table = "exch_table"',
    router: 'router = "exchange"',
  },
  notify: {
    mail: 'mail = ["postmaster@example.ac.uk"]',
    from: 'from = "mailhub@example.ac.uk"',
    sendmail: 'sendmail = "/usr/sbin/sendmail"',
    command: 'command = ["/usr/local/bin/tell", "--quietly"]',
    after: 'after = 3',
  },
  crossChecks: {
    local_domains: 'local_domains = "local_domains"',
    lists: 'lists = ["mlist_table"]',
    duplicates: 'duplicates = "warn"',
    shadowed: 'shadowed = "warn"',
    not_local: 'not_local = "hold"',
    empty_domains: 'empty_domains = "off"',
    loops: 'loops = "warn"',
  },
  directory: {
    type: 'type = "ad"',
    urls: 'urls = ["ldaps://dc1.example.ac.uk"]',
    base: 'base = "DC=example,DC=ac,DC=uk"',
    bind_dn: 'bind_dn = "CN=mailhub,DC=example,DC=ac,DC=uk"',
    password_file: 'password_file = "/etc/mailhub-tables/ad.secret"',
    password_credential: 'password_credential = "ad"',
    ca_file: 'ca_file = "/etc/mailhub-tables/ca.pem"',
    starttls: 'starttls = true',
    allow_plaintext: 'allow_plaintext = true',
    page_size: 'page_size = 1000',
    connect_timeout: 'connect_timeout = 10 (seconds)',
    operation_timeout: 'operation_timeout = 60 (seconds)',
    extraction_timeout: 'extraction_timeout = 1800 (seconds)',
    retry_for: 'retry_for = 60 (seconds)',
    max_entries_per_second: 'max_entries_per_second = 500',
    warn_before: 'warn_before = 14 (days)',
    full_every: 'full_every = "24 hours"',
    no_full_between: 'no_full_between = "08:00-18:00"',
    address_attributes: 'address_attributes = ["mail", "mailAlternateAddress"]',
    id_attribute: 'id_attribute = "objectGUID"',
    delta: 'delta = "auto"',
  },
  table: {
    format: 'format = ["auto", "cdb"]',
    guard: 'guard = { max_removed = "1%" }',
    on_hold: 'on_hold = "additions"',
    sources: '[[tables.NAME.sources]], with two brackets',
  },
  guard: {
    max_removed: 'max_removed = "1%"',
    max_changed: 'max_changed = "1%"',
    max_added: 'max_added = 500',
    min_entries: 'min_entries = 1000',
    max_removed_per_domain: 'max_removed_per_domain = "50%"',
    protected: 'protected = ["postmaster@example.ac.uk", "@stmarys.example.ac.uk"]',
  },
  directorySource: {
    directory: 'directory = "ad"',
    filter: 'filter = "(homeMDB=*)"',
    key: 'key = "{address}"',
    value: 'value = "{primary}"',
    domains: 'domains = ["example.ac.uk"]',
    optional: 'optional = true',
  },
  acceptedDomainsSource: {
    accepted_domains: 'accepted_domains = "ad"',
    kinds: 'kinds = ["authoritative", "internal_relay"]',
    value: 'value = "local"',
    optional: 'optional = true',
  },
  fileSource: {
    file: 'file = "/var/spool/mlist/mlist_table.dat"',
    max_age: 'max_age = "3 days"',
    optional: 'optional = true',
  },
  csvSource: {
    csv: 'csv = "/etc/exim/sm_table.csv"',
    key: 'key = "{alias}@example.ac.uk"',
    value: 'value = "{student_id}@students.example.ac.uk"',
    delimiter: 'delimiter = ";"',
    max_age: 'max_age = "3 days"',
    optional: 'optional = true',
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

type Section = keyof typeof sections;

const places: Record<Section, string> = {
  top: 'the top of the file, before the first [section]',
  combined: '[combined.NAME]',
  grace: '[grace.NAME]',
  canaries: '[[canaries]]',
  notify: '[notify]',
  crossChecks: '[cross_checks]',
  directory: '[directory.NAME]',
  table: '[tables.NAME]',
  guard: 'guard',
  directorySource: 'a source with directory',
  acceptedDomainsSource: 'a source with accepted_domains',
  fileSource: 'a source with file',
  csvSource: 'a source with csv',
};

/** The keys, with examples, of the section at `path` in the TOML file's content. */
export function keysAt(path: KeyPath, document: unknown): ReadonlyMap<string, string> {
  return new Map(Object.entries(sections[sectionAt(path, document)]));
}

/** Where `key` may stand. */
export function placesOf(key: string): string[] {
  return Object.entries(places).flatMap(([section, place]) => {
    return Object.entries(sections).some(([name, keys]) => name === section && Object.hasOwn(keys, key))
      ? [place]
      : [];
  });
}

/** The value at `path`; undefined where there is none. */
export function valueAt(document: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.getOwnPropertyDescriptor(value, step)?.value;
  }, document);
}

function sectionAt(path: KeyPath, document: unknown): Section {
  for (const section of ['combined', 'grace', 'canaries'] as const) {
    if (path[0] === section) return path.length > 1 ? section : 'top';
  }
  if (path[0] === 'notify') return path.length > 1 ? 'notify' : 'top';
  if (path[0] === 'cross_checks') return path.length > 1 ? 'crossChecks' : 'top';
  if (path[0] === 'directory' && path.length > 1) return 'directory';
  if (path[0] !== 'tables' || path.length < 2) return 'top';
  if (path[2] === 'guard') return 'guard';
  if (path[2] !== 'sources') return 'table';
  const source = path.slice(0, 4);
  if (valueAt(document, [...source, 'directory']) !== undefined) return 'directorySource';
  if (valueAt(document, [...source, 'accepted_domains']) !== undefined) return 'acceptedDomainsSource';
  return valueAt(document, [...source, 'csv']) === undefined ? 'fileSource' : 'csvSource';
}
