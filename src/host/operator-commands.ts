import { isPath } from "./harmless-values.ts";
import { hidden } from "./placeholder.ts";

/**
 * Masks the words of a command line that sudo(8) logged (`COMMAND=`), unless it is a program whose words are known to be names: an
 * argument of any other may be a password. Paths, options and small numbers stay.
 */
export const maskCommands = (line: string): string =>
  line.replace(LOGGED, (whole: string, before: string, program: string, words: string) =>
    SPEAKS_IN_NAMES.test(program.slice(program.lastIndexOf("/") + 1))
      ? whole
      : `${before}${program}${maskWords(words)}`,
  );

/** Masks each word of a command line or list that is no path, option or small number, nor `isHarmless` to the caller. */
export const maskWords = (words: string, isHarmless: (word: string) => boolean = () => false) =>
  words.replace(WORD, (word) => (mayStay(word) || isHarmless(word) ? word : hidden(word)));

const LOGGED = /(\bCOMMAND=)([^\s"']{1,4096})([ \t][^\n]+)/gu;
const WORD = /["']?<masked, \d+ bytes>["']?|"[^"\n]*"|'[^'\n]*'|\S+/gu;

const mayStay = (word: string): boolean =>
  /^["']?<masked,/u.test(word) ||
  isPath(word) ||
  /^(?:--?[a-z][a-z-]*|\d{1,5}|-|--|[\w.-]+=["']?<masked,|[<>|&;]+)$/u.test(word) ||
  /^(?:[\w.-]+=)?["']?\S*<masked$|^\d+$|^bytes>["']?$/u.test(word);

const SPEAKS_IN_NAMES =
  /^(?:systemctl|journalctl|loginctl|machinectl|microvm|clan|nixos-[a-z]+|nix(?:-[a-z-]+)?|home-manager|switch-to-configuration|activate|reboot|poweroff|shutdown|cat|ls|stat|head|tail|less|rm|rmdir|mkdir|touch|ln|mv|cp|chmod|chown|chgrp|[gs]etfacl|readlink|find|kill|mount|umount|id|true)$/u;
