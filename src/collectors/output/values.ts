import type { ValueMeaning } from "../../evidence/output.ts";

/**
 * What a line says of values, by what the masking left in their place: how long each was, and what it stood behind. `=]` and `=,` in a
 * list of strings is a credential that the VMM was given without a value.
 */
export const valueWords = (text: string): readonly ValueMeaning[] => {
  if (!/<masked, \d+ bytes>|io\.systemd\.credential/u.test(text)) return [];
  const passed = [...text.matchAll(PASSED)].flatMap(({ groups }): ValueMeaning[] => {
    const { oem, binary, fwCfg, kernel, bytes, none } = groups ?? {};
    const name = oem ?? fwCfg ?? kernel;
    if (name === undefined || (bytes === undefined && none === undefined)) return [];
    return [
      {
        kind: "credential-argument",
        name,
        bytes: Number(bytes ?? 0),
        encoded: binary !== undefined,
      },
    ];
  });
  const logged = [...text.matchAll(MASKED)].flatMap(({ index, groups }): ValueMeaning[] => {
    const form = formOf(text.slice(Math.max(0, index - FAR_ENOUGH), index));
    const bytes = Number(groups?.["bytes"]);
    return form === undefined || bytes === 0 ? [] : [{ kind: "value-logged", ...form, bytes }];
  });
  return [...passed, ...logged];
};

const PASSED =
  /(?:io\.systemd\.credential(?<binary>\.binary)?:(?!vmm\.)(?<oem>[\w.@-]+)=|opt\/io\.systemd\.credentials\/(?<fwCfg>[\w.@-]+),string=|systemd\.set_credential(?:_binary)?=["']?(?<kernel>[\w.@-]+):)(?:<masked, (?<bytes>\d+) bytes>|(?<none>(?=,io\.systemd|,?["'\\)\]}]*(?:\s|$))))/gu;
const MASKED = /<masked, (?<bytes>\d+) bytes>/gu;
const FAR_ENOUGH = 200;

type Logged = Extract<ValueMeaning, { kind: "value-logged" }>;

/** What a masked value was, by what stands in front of it; nothing where it need not be one. */
const formOf = (before: string): Pick<Logged, "form" | "name"> | undefined => {
  if (/unexpected argument ["']$/u.test(before)) return undefined;
  if (/PRIVATE KEY[A-Z ]*-----$/u.test(before)) return { form: "private-key" };
  const credential =
    /(?:io\.systemd\.credential(?:\.binary)?:|opt\/io\.systemd\.credentials\/|systemd\.set_credential(?:_binary)?=["']?|SetCredential(?:Encrypted)?=)(?<name>[\w.@-]+)(?:=|,string=|:)$/u.exec(
      before,
    )?.groups?.["name"];
  if (credential !== undefined) return { form: "credential", name: credential };
  const assigned = /(?<name>[\w.-]+)(?:=|\\?["']\s?:\s?|\s+)\\?["']?$/u.exec(before)?.groups?.[
    "name"
  ];
  const isNamed = /(?:=|["']\s?:\s?|--[\w.-]+\s+)\\?["']?$/u.test(before);
  return assigned !== undefined && isNamed
    ? { form: "assignment", name: assigned }
    : { form: "token" };
};
