/** `microvm@test-vm` is a service, as systemctl reads it. */
export const unitFullName = (unit: string): string =>
  /\.(?:service|scope|slice|target|timer|socket|mount)$/u.test(unit) ? unit : `${unit}.service`;

/** The fields by which journald says where in the tree of control groups a process of the unit lives. */
export const placeOf = (unit: string, uid: number): Readonly<Record<string, string>> => {
  if (unit === "init.scope")
    return { _SYSTEMD_UNIT: unit, _SYSTEMD_CGROUP: "/init.scope", _SYSTEMD_SLICE: "-.slice" };
  const session = /^session-(\d+)\.scope$/u.exec(unit)?.[1];
  if (session !== undefined) {
    const slice = `user-${uid}.slice`;
    return {
      _SYSTEMD_UNIT: unit,
      _SYSTEMD_CGROUP: `/user.slice/${slice}/${unit}`,
      _SYSTEMD_SLICE: slice,
      _SYSTEMD_SESSION: session,
      _SYSTEMD_OWNER_UID: String(uid),
      _AUDIT_SESSION: session,
      _AUDIT_LOGINUID: String(uid),
    };
  }
  const template = /^([^@]+)@/u.exec(unit)?.[1];
  const slice =
    template === undefined
      ? "system.slice"
      : `system-${template.replaceAll("-", String.raw`\x2d`)}.slice`;
  const above = template === undefined ? "/system.slice" : `/system.slice/${slice}`;
  return { _SYSTEMD_UNIT: unit, _SYSTEMD_CGROUP: `${above}/${unit}`, _SYSTEMD_SLICE: slice };
};

/** The unit's own description, or that of its template with the instance filled in. */
export const descriptionOf = (
  unit: string,
  descriptions: Readonly<Record<string, string>>,
): string => {
  const [, template = "", instance = ""] = /^([^@]+@)(.+)\.service$/u.exec(unit) ?? [];
  return (
    descriptions[unit.replace(/\.service$/u, "")] ??
    descriptions[template]?.replaceAll("%i", instance) ??
    unit
  );
};
