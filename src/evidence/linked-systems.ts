import type { StorePath } from "../vocabulary.ts";

/** The guest's systems that the runners behind `current` and `booted` name; absent where they name none. */
export interface LinkedSystems {
  readonly current?: StorePath;
  readonly booted?: StorePath;
}
