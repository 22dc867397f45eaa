import { all } from "./find.js";

/** A link into something folded opens it, and paper has nothing to fold. */
export const unfoldWhereNeeded = () => {
  addEventListener("hashchange", openTarget);
  openTarget();
  addEventListener("beforeprint", () => {
    for (const folded of all("details:not([open])", HTMLDetailsElement)) {
      folded.open = true;
      folded.dataset["printed"] = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const unfolded of all("details[data-printed]", HTMLDetailsElement)) {
      unfolded.open = false;
      delete unfolded.dataset["printed"];
    }
  });
};

const openTarget = () => {
  const target = location.hash === "" ? null : document.getElementById(location.hash.slice(1));
  for (
    let place = target?.closest("details");
    place;
    place = place.parentElement?.closest("details")
  )
    place.open = true;
  const filtered = target?.closest("details.finding[hidden]");
  filtered?.toggleAttribute("hidden", false);
  target?.scrollIntoView();
};
