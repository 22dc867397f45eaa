import type { HostPath } from "../vocabulary.ts";

/** Who the host is, and the accounts that reading identities are made of. */
export interface HostIdentity {
  readonly name: string;
  readonly machineId: string;
  /** IANA zone of /etc/localtime; `UTC` where the host names none. */
  readonly zone: string;
  readonly users: ReadonlyMap<string, Account>;
  readonly groups: ReadonlyMap<string, Group>;
  /** Files of accounts that could not be read: who is not among `users` or `groups` may be in them. */
  readonly unread?: readonly HostPath[];
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}
