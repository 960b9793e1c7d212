/**
 * Sorting along the last dimension.
 */
import { cast } from "./broadcasting.ts";
import { dense } from "./materialise.ts";
import { operand, type Site, type Table } from "./site.ts";
import { type View, viewOf } from "./view.ts";

export const sortingTable: Table = {
  sort: (site) => sorted(site)[0],
  argsort: (site) => sorted(site),
};

/** Rising values, and the places they come from; equal values keep their order. */
function sorted(site: Site): [values: View, places: View] {
  const { graph, shape } = site;
  const all = graph.integers([shape.at(-1) ?? 1]);
  const attributes = { axis: -1, largest: 0, sorted: 1 };
  const [values = "", places = ""] = graph.nodes(
    "TopK",
    [dense(graph, operand(site, 0)), all],
    [shape, shape],
    attributes,
  );
  return [viewOf(values, shape, site.dtype), cast(graph, viewOf(places, shape, "int64"), "int32")];
}
