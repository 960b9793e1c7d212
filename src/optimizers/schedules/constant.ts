/** The learning rate as it is. */
import { checkArguments } from "../../base/spec.ts";
import type { Schedule, ScheduleEntry } from "./schedule.ts";

export const constant: Schedule = { name: "constant", factor: () => 1 };

export const constantEntry: ScheduleEntry = {
  name: "constant",
  summary: "the learning rate as it is",
  law: "η_t = η",
  options: [],
  examples: ["constant"],
  parse(spec, where) {
    checkArguments(spec, where, 0);
    return constant;
  },
};
