import * as v from "valibot";

const anyMap = v.record(v.string(), v.unknown());
const texts = v.record(v.string(), v.string());

/** What a variant, or a scenario of a rule, changes of the host that it starts from. {@link applyChanges} says what each does. */
export const changesSchema = v.strictObject({
  host: v.optional(anyMap, {}),
  users: v.optional(anyMap, {}),
  groups: v.optional(anyMap, {}),
  vms: v.optional(v.array(v.string())),
  bootedGeneration: v.optional(v.number()),
  runningGeneration: v.optional(v.number()),
  files: v.optional(anyMap, {}),
  store: v.optional(anyMap, {}),
  generations: v.optional(anyMap, {}),
  dropIn: v.optional(texts, {}),
  units: v.optional(v.record(v.string(), v.nullable(v.string())), {}),
  runner: v.optional(texts, {}),
  edit: v.optional(v.record(v.string(), texts), {}),
  journal: v.optional(
    v.strictObject({
      from: v.optional(v.string()),
      until: v.optional(v.string()),
      drop: v.optional(v.array(v.unknown())),
      descriptions: v.optional(anyMap, {}),
      senders: v.optional(anyMap, {}),
      replace: v.optional(v.array(v.string()), []),
      add: v.optional(v.array(v.unknown()), []),
    }),
    {},
  ),
});

export type Changes = v.InferOutput<typeof changesSchema>;

/** What changes are applied to; what is not named here is passed through. */
export const baseSchema = v.looseObject({
  host: anyMap,
  users: anyMap,
  groups: anyMap,
  vms: v.array(v.string()),
  files: anyMap,
  store: anyMap,
  generations: anyMap,
  journal: v.looseObject({ descriptions: anyMap, senders: anyMap, events: v.array(v.unknown()) }),
});

export type Base = v.InferOutput<typeof baseSchema>;

/**
 * A host with changes. Entries replace those of their key, and `null` removes one; besides:
 * - a file without a content (`{ mode: "0644" }`, `{ size: 0 }`) keeps what the base says of it; `null` for a directory removes all below;
 * - a store object that is `like` itself starts from the base's;
 * - `dropIn` by VM: the lines of `[Service]` of its drop-in, or the whole of it where the text begins with a section;
 * - `units` by name (`x.service`, `microvm@web.service.d/local.conf`): a unit file of /etc/systemd/system, by a store object of its own;
 * - `runner` by VM: the text of its `microvm-run`;
 * - `edit` by store key: texts to put in the place of others, each of which must occur;
 * - `journal.replace`: units and senders whose events of the base fall away (`sudo` for what was typed) before `add` comes in.
 */
export const applyChanges = (base: Base, changes: Changes): Base => {
  const { add, replace, senders, descriptions, ...journal } = changes.journal;
  return {
    ...base,
    host: { ...base.host, ...changes.host },
    users: { ...base.users, ...changes.users },
    groups: { ...base.groups, ...changes.groups },
    vms: changes.vms ?? base.vms,
    ...(changes.bootedGeneration === undefined
      ? {}
      : { bootedGeneration: changes.bootedGeneration }),
    ...(changes.runningGeneration === undefined
      ? {}
      : { runningGeneration: changes.runningGeneration }),
    files: withFiles(base.files, changes.files),
    store: withStore(base.store, changes),
    generations: { ...base.generations, ...changes.generations },
    journal: {
      ...base.journal,
      ...journal,
      descriptions: { ...base.journal.descriptions, ...descriptions },
      senders: { ...base.journal.senders, ...senders },
      events: [...base.journal.events.filter((event) => !isOf(event, replace)), ...add],
    },
  };
};

type Entries = Readonly<Record<string, unknown>>;

const record = (value: unknown): Entries | undefined => (v.is(anyMap, value) ? value : undefined);

const CONTENT = ["text", "link", "canary", "socket"];

const withFiles = (base: Entries, changes: Entries): Entries => {
  const emptied = Object.entries(changes)
    .filter(([path, spec]) => spec === null && path.endsWith("/"))
    .map(([path]) => path);
  const kept = Object.entries(base).filter(
    ([path]) => !emptied.some((directory) => path.startsWith(directory)),
  );
  const changed = Object.entries(changes).map(([path, spec]): [string, unknown] => {
    const [own, old] = [record(spec), record(base[path])];
    const hasContent = CONTENT.some((key) => own?.[key] !== undefined);
    return [path, own === undefined || old === undefined || hasContent ? spec : { ...old, ...own }];
  });
  return { ...Object.fromEntries(kept), ...Object.fromEntries(changed) };
};

const withStore = (base: Entries, changes: Changes): Entries => {
  const store: Record<string, unknown> = { ...base };
  for (const [key, spec] of Object.entries(changes.store))
    store[key] = record(spec)?.["like"] === key ? over(wholeObject(store, key), spec) : spec;
  for (const [vm, text] of Object.entries(changes.dropIn))
    store[`overrides-${vm}`] = dropInObject(vm, text);
  for (const [vm, text] of Object.entries(changes.runner))
    store[`run-${vm}`] = { ...record(store[`run-${vm}`]), text };
  for (const [name, text] of Object.entries(changes.units)) {
    const key = `unit-file-${name}`;
    if (text !== null) store[key] = { name: storeNameOf(name), tree: { [fileOf(name)]: text } };
    const link = text === null ? null : `-> \${store:${key}}/${fileOf(name)}`;
    store["units"] = over(store["units"], { tree: { [name]: link } });
  }
  for (const [key, edits] of Object.entries(changes.edit))
    store[key] = edited(key, wholeObject(store, key), edits);
  return store;
};

/** What a key stands for: an entry of its own, over the one that it is `like`, or the entry for every VM with the VM's name put in. */
const wholeObject = (store: Entries, key: string): unknown => {
  const own = store[key] ?? ofVm(store, key);
  const like = record(own)?.["like"];
  return typeof like === "string" && like !== key ? over(wholeObject(store, like), own) : own;
};

const ofVm = (store: Entries, key: string): unknown => {
  for (const [general, spec] of Object.entries(store)) {
    const [before, after] = general.split(VM);
    if (before === undefined || after === undefined || key.length <= before.length + after.length)
      continue;
    if (!key.startsWith(before) || !key.endsWith(after)) continue;
    const vm = key.slice(before.length, key.length - after.length);
    return JSON.parse(JSON.stringify(spec).replaceAll(VM, vm));
  }
  return undefined;
};

const VM = "${vm}";

/** The second over the first, their trees joined. */
const over = (base: unknown, change: unknown): Entries => {
  const { like: _, ...own } = record(change) ?? {};
  const old = record(base) ?? {};
  return { ...old, ...own, tree: { ...record(old["tree"]), ...record(own["tree"]) } };
};

const dropInObject = (vm: string, text: string): Entries => ({
  name: `unit-microvm-${vm}.service`,
  tree: {
    [`microvm@${vm}.service`]: text.startsWith("[")
      ? text
      : `[Unit]\nX-Restart-Triggers=\${store:restart-trigger-${vm}}\n\n[Service]\nX-RestartIfChanged=\nX-RestartIfChanged=true\n${text}`,
  },
});

const fileOf = (unit: string): string => unit.slice(unit.lastIndexOf("/") + 1);
/** NixOS leaves the characters out that a store name may not have (nixos/lib/systemd-lib.nix, `makeUnit`). */
const storeNameOf = (unit: string): string => `unit-${fileOf(unit).replaceAll("@", "-")}`;

const edited = (key: string, object: unknown, edits: Readonly<Record<string, string>>): unknown => {
  let text = JSON.stringify(object) ?? "";
  for (const [from, to] of Object.entries(edits)) {
    const [old, fresh] = [from, to].map((part) => JSON.stringify(part).slice(1, -1));
    if (old === undefined || fresh === undefined || !text.includes(old))
      throw new Error(`the store object ${key} does not hold ${from}`);
    text = text.replaceAll(old, () => fresh);
  }
  return JSON.parse(text);
};

const isOf = (event: unknown, names: readonly string[]): boolean => {
  const { unit, loop, by, heartbeat, sudo } = record(event) ?? {};
  return [unit, loop, by, heartbeat, sudo === undefined ? undefined : "sudo"].some(
    (name) => typeof name === "string" && names.includes(name),
  );
};
