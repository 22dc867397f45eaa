import type { Knowledge } from "../../src/facts/facts.ts";
import type { AnyRule } from "../../src/rules/rule.ts";

/** What a rule asks of its knowledge, in the words of `requires` and `optional`. */
export const declaredBy = ({ requires, optional }: AnyRule): readonly string[] =>
  [...requires, ...(optional ?? [])].toSorted();

/** The same rule, which tells `onRead` of each piece of knowledge that it, or a fact that it calls, looks at. */
export const watched = (rule: AnyRule, onRead: (key: string) => void): AnyRule => ({
  ...rule,
  check: (knowledge) =>
    rule.check(
      new Proxy<Knowledge>(knowledge, {
        get(target, key, receiver) {
          if (typeof key === "string") onRead(key);
          return Reflect.get(target, key, receiver);
        },
      }),
    ),
});

/** The same rule, which fails where it looks at what it did not declare: the engine never hands that over. */
export const strict = (rule: AnyRule): AnyRule => {
  const declared = declaredBy(rule);
  return watched(rule, (key) => {
    if (!declared.includes(key)) throw new Error(`${rule.id} reads ${key} and does not declare it`);
  });
};
