/**
 * The steps of a path or of a symlink's target, as path_resolution(7) takes them: `.` and `..` stay, and a slash at the end is an
 * empty step, which asks for a directory and follows a symlink before it.
 */
export const pathSteps = (path: string): readonly string[] => [
  ...path.split("/").filter(Boolean),
  ...(path.endsWith("/") ? [""] : []),
];
