/** Why a destination is not given to ssh; nothing where it may be. */
export const whyNoDestination = (destination: string): string | undefined => {
  if (destination === "") return "it is empty";
  if (/(?:^|@)-/u.test(destination)) return "ssh would take it for an option";
  if (/[\s\p{Cc}'"`$\\;&<>|(){}]/u.test(destination))
    return "no name of a host or of a user holds such characters";
  return undefined;
};

/**
 * What a connection may do, whatever ssh_config(5) of the user says: run one shell, ask nobody, forward nothing, and write nothing on
 * this machine (no control socket). BatchMode refuses a host key that is not known yet, unless the user's ssh_config says otherwise.
 */
const SETTINGS = [
  "BatchMode=yes",
  "UpdateHostKeys=no",
  "ConnectTimeout=10",
  "ConnectionAttempts=1",
  "ServerAliveInterval=15",
  "ServerAliveCountMax=3",
  "ControlMaster=no",
  "ControlPath=none",
  "AddKeysToAgent=no",
  "ForwardAgent=no",
  "ForwardX11=no",
  "ClearAllForwardings=yes",
  "Tunnel=no",
  "PermitLocalCommand=no",
  "RemoteCommand=none",
  "RequestTTY=no",
  "EscapeChar=none",
  // The banner that a server shows comes with this level, and so does why a connection ended.
  "LogLevel=INFO",
];

/** The arguments of ssh(1) for a shell at `destination`, behind `extra` ones of the caller. */
export const sshArguments = (destination: string, extra: readonly string[]): readonly string[] => [
  "-T",
  ...SETTINGS.flatMap((setting) => ["-o", setting]),
  ...extra,
  "--",
  destination,
  // Whatever the login shell is: all of them know this much.
  "exec sh",
];
