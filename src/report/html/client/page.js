// What a page can do where scripts run: zoom its timelines, filter its findings, copy what somebody will take with them. Without it
// all is there. It writes no markup and loads nothing.
import { makeCopyable } from "./copy.js";
import { makeFilterable } from "./filter.js";
import { all } from "./find.js";
import { unfoldWhereNeeded } from "./fold.js";
import { makeZoomable } from "./zoom.js";

for (const figure of all("figure.zoomable", HTMLElement)) makeZoomable(figure);
for (const list of all(".filterable", HTMLElement)) makeFilterable(list);
for (const place of all(".copyable", HTMLElement)) makeCopyable(place);
unfoldWhereNeeded();
