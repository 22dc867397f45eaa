/** MESSAGE_IDs of systemd (sd-messages.h; the same in 252, 257 and 262 as recorded). */
export const MESSAGE_ID = {
  unitStarting: "7d4958e842da4a758f6c1cdc7b36dcc5",
  /** Any start job that is done: a start, and also a start that a condition skipped. */
  unitStarted: "39f53479d3a045ac8e11786248231fbf",
  unitFailed: "be02cf6855d2428ba40df7e9d022f03d",
  unitProcessExit: "98e322203f7a4ed290d09fe03c09fe15",
  unitFailureResult: "d9b373ed55a64feb8242e02dbe79a49c",
  unitSuccess: "7ad2d189f7e94e70a38c781354912448",
  unitRestartScheduled: "5eb03494b6584870a536b337290809b3",
  unitStopping: "de5b426a63be47a7b6ac3eaac82e2f6f",
  unitStopped: "9d1aaa27d60140bd96365438aad20286",
  unitSkipped: "0e4284a0caca4bfc81c0bb6786972673",
  spawnFailed: "641257651c1b4ec9a8624d7a40a9e1e7",
  kernelOutOfMemory: "fe6faa94e7774663a0da52717891d8ef",
  oomdKill: "d989611b15e44c9dbf31e3c81256e4ed",
  journalStart: "f77379a8490b408bbe5f6940505a777b",
  journalStop: "d93fb3c9c24d451a97cea615ce59c00b",
  journalDropped: "a596d6fe7bfa4994828e72309e95d61e",
  timeChange: "c7a787079b354eaaa9e77b371893cd27",
} as const;
