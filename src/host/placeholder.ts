/** `<masked, 44 bytes>`: the length stays, since an empty or a cut value is a finding of its own. */
export const placeholder = (value: string): string => `<masked, ${Buffer.byteLength(value)} bytes>`;

/** `<hidden, 44 bytes>`: for what may be a value and may be none, so that nobody concludes that one was logged. */
export const doubtful = (text: string): string => `<hidden, ${Buffer.byteLength(text)} bytes>`;

/** The placeholder of a value; quotes around it are no part of it, and stay. */
export const hidden = (value: string): string => {
  const quoted = /^(?<quote>["'])(?<inner>.+)\k<quote>$/su.exec(value)?.groups;
  const { quote = "", inner = value } = quoted ?? {};
  return `${quote}${placeholder(inner)}${quote}`;
};
