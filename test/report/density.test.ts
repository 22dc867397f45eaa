import { describe, expect, it } from "vitest";
import { densityStrip } from "../../src/report/density.ts";

describe("a density strip", () => {
  it("has a character for each part, higher where more was", () => {
    expect(densityStrip([7, 7, 1, 0, 7], { room: 60, unicode: false })).toEqual({
      text: "##. #",
      parts: 5,
      most: 7,
    });
    expect(densityStrip([8, 4, 1, 0], { room: 60, unicode: true }).text).toBe("█▄▁ ");
  });

  it("takes parts together where there is no room", () => {
    expect(densityStrip([1, 1, 0, 0, 1, 1], { room: 3, unicode: false })).toEqual({
      text: "# #",
      parts: 3,
      most: 2,
    });
  });

  it("shows that something was, however little it is", () => {
    expect(densityStrip([1_000_000, 1], { room: 2, unicode: false }).text).toBe("#.");
  });
});
