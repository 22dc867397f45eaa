import type { LoggedValueMeaning } from "../../evidence/output.ts";

/** Where a value stood before it was masked: its name and its length. Made from the masked text, the only one that there is. */
const FORMS: readonly { readonly form: LoggedValueMeaning["form"]; readonly pattern: RegExp }[] = [
  {
    form: "oem-string",
    pattern:
      /io\.systemd\.credential(?:\.binary)?:(?<name>[\w.@-]+)=["']?(?:<masked, (?<bytes>\d+) bytes>|(?=[\],\s'"]|$))/gu,
  },
  {
    form: "fw-cfg",
    pattern:
      /opt\/io\.systemd\.credentials\/(?<name>[\w.@-]+),string=["']?<masked, (?<bytes>\d+) bytes>/gu,
  },
  {
    form: "kernel-parameter",
    pattern:
      /systemd\.set_credential(?:_binary)?=(?<name>[\w.@-]+):["']?<masked, (?<bytes>\d+) bytes>/gu,
  },
  {
    form: "private-key",
    pattern: /-----BEGIN (?<name>[A-Z ]*)PRIVATE KEY-----<masked, (?<bytes>\d+) bytes>/gu,
  },
  {
    form: "assignment",
    pattern: /(?<![\w.:/-])(?<name>[A-Za-z_][\w-]*)=["']?<masked, (?<bytes>\d+) bytes>/gu,
  },
];

/** Values that a line held; of one place only the first form counts. vmm.notify_socket is no secret. */
export const loggedValues = (text: string): readonly LoggedValueMeaning[] => {
  const seen = new Set<string>();
  return FORMS.flatMap(({ form, pattern }) =>
    [...text.matchAll(pattern)].flatMap(({ groups }): readonly LoggedValueMeaning[] => {
      const name = groups?.["name"]?.trim() ?? "";
      if (name.startsWith("vmm.") || seen.has(name)) return [];
      seen.add(name);
      return [{ kind: "value-logged", form, name, bytes: Number(groups?.["bytes"] ?? 0) }];
    }),
  );
};
