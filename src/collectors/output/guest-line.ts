/** The kernel's clock, the mark that systemd puts before a unit on a console, or a program of the guest with its pid. */
const GUEST_LINE = /^\s*(?:\[\s*(?:\d+\.\d+|OK|FAILED|DEPEND|INFO)\s*\]|[\w@.:\\-]+\[\d+\]: )/u;

/** A line that a guest wrote to its console, by its form: what it says of files, variables and devices is about the guest's own. */
export const isGuestLine = (text: string): boolean => GUEST_LINE.test(text);
