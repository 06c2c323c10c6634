import { expect, test } from "vitest";
import { hostOf, hostSaid, isSame } from "./letterLinks";

test("words that name a place are told from words that do not", () => {
  expect(hostSaid("https://bank.example/login")).toBe("bank.example");
  expect(hostSaid(" www.shop.example ")).toBe("www.shop.example");
  expect(hostSaid("Track your parcel")).toBeNull();
  expect(hostSaid("version 2.4")).toBeNull();
});

test("a link goes where the network says, whatever its letters look like", () => {
  expect(hostOf("https://b\u0430nk.example/")).toBe("xn--bnk-6cd.example");
  expect(hostOf("https://bank.example@evil.example/")).toBe("evil.example");
  expect(hostOf("mailto:ada@analytical.example")).toBe("analytical.example");
  expect(hostOf("nothing")).toBeNull();
});

test("a place and one below it are the same, and one that only begins like it is not", () => {
  expect(isSame("www.shop.example", "click.shop.example")).toBe(true);
  expect(isSame("shop.example", "shop.example:8080")).toBe(true);
  expect(isSame("bank.example", "bank.example.evil.example")).toBe(false);
  expect(isSame("bank.example", "notbank.example")).toBe(false);
});
