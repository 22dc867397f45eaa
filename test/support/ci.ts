/** Whether nobody watches: nothing may be skipped then, and programs read what is printed. */
export const IS_CI = !["", "0", "false"].includes(process.env["CI"] ?? "");
