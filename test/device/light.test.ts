import { describe, expect, test } from "@devicescript/test"
import { asSent, BLUE, DARK, GREEN, RED } from "../../src/light/color"

describe("the light of a board whose firmware sends red first to a chip that takes green first", () => {
    test("is told red and green in each other's place", () => {
        expect(asSent(RED, true)).toBe(0x002000)
        expect(asSent(GREEN, true)).toBe(0x180000)
        expect(asSent(BLUE, true)).toBe(BLUE)
        expect(asSent(DARK, true)).toBe(DARK)
        expect(asSent(0x123456, true)).toBe(0x341256)
    })

    test("of every other board is told the colours as they are", () => {
        for (const color of [RED, GREEN, BLUE, 0x123456])
            expect(asSent(color, false)).toBe(color)
    })
})
