import type { View } from "../src/index.ts";
import Timeline from "./timeline.ts";

export default class List extends Timeline {
  static override summary = "show the VMs and how they are, a line each";

  protected override readonly view: View = "list";
}
