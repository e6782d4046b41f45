import assert from "node:assert/strict"
import { test } from "node:test"

/** A page's modules, which have no types of TypeScript's. */
const load = (name: string) =>
    import(new URL(`../../server/web/plotter/${name}.js`, import.meta.url).href)
const { numberText } = (await load("number")) as {
    numberText(value: number, spread?: number): string
}
const { momentText } = (await load("time")) as {
    momentText(ms: number, step: number): string
}
const { nearestIn } = (await load("range")) as {
    nearestIn(points: object, x: number, view: [number, number]): number | null
}
const { statisticsOf } = (await load("statistics")) as {
    statisticsOf(points: object, range: [number, number]): object | undefined
}

test("numbers have three significant digits, and keep those before the point", () => {
    for (const [value, text] of [
        [0, "0"],
        [21.4567, "21.5"],
        [-0.0123456, "-0.0123"],
        [999.6, "1000"],
        [12345.6, "12346"],
        [2, "2"],
        [1.5e12, "1.50e+12"],
        [0.00001234, "1.23e-5"],
    ] as const)
        assert.equal(numberText(value), text)
})

test("values that vary little have the digits that tell them apart", () => {
    assert.equal(numberText(1013.2468, 0.5), "1013.25")
    assert.equal(numberText(1013.2468, 200), "1013")
    assert.equal(numberText(21.4567, 1e-200), "21.4567")
})

test("a time has its date unless it is today's, always the same way", () => {
    const then = new Date(2024, 1, 3, 4, 5, 6, 7)
    assert.equal(momentText(then.getTime(), 1), "2024-02-03 04:05:06.007")
    assert.equal(momentText(then.getTime(), 1000), "2024-02-03 04:05:06")
    const today = new Date()
    today.setHours(1, 2, 3, 4)
    assert.equal(momentText(today.getTime(), 1), "01:02:03.004")
})

test("a series has no value where it had not begun or was over", () => {
    const xs = Float64Array.of(100, 200)
    const at = (x: number, ascending = true) =>
        nearestIn({ xs, ascending }, x, [0, 1000])
    assert.deepEqual(
        [79, 81, 149, 151, 219, 221].map(x => at(x)),
        [...[null, 0, 0, 1, 1, null]]
    )
    assert.equal(at(999, false), 1)
})

test("statistics count what is in view, in whatever order x comes", () => {
    const points = (xs: number[], ys: number[], ascending: boolean) => ({
        xs: Float64Array.from(xs),
        ys: Float64Array.from(ys),
        ascending,
    })
    const rising = points([0, 1, 2, 3], [10, 1, 3, 99], true)
    assert.deepEqual(statisticsOf(rising, [1, 2]), { min: 1, mean: 2, max: 3 })
    const back = points([2, 3, 0, 1], [3, 99, 10, 1], false)
    assert.deepEqual(statisticsOf(back, [1, 2]), { min: 1, mean: 2, max: 3 })
    assert.equal(statisticsOf(rising, [4, 5]), undefined)
    const great = points([0, 1], [1.5e308, 1.5e308], true)
    assert.deepEqual(statisticsOf(great, [0, 1]), {
        ...{ min: 1.5e308, mean: 1.5e308, max: 1.5e308 },
    })
    const apart = points([0, 1], [1.5e308, -1.5e308], true)
    assert.deepEqual(statisticsOf(apart, [0, 1]), {
        ...{ min: -1.5e308, mean: 0, max: 1.5e308 },
    })
})
