import assert from "node:assert/strict"
import { test } from "node:test"

/** A page's module, which has no types of TypeScript's. */
const { csvOf } = (await import(
    new URL("../../server/web/plotter/csv.js", import.meta.url).href
)) as { csvOf(lines: object[], range: [number, number]): string }

/** The row of a point of a series. */
function row(source: string, name: string): string {
    const points = {
        xs: Float64Array.of(1),
        ys: Float64Array.of(2),
        ascending: true,
        length: 1,
    }
    const csv = csvOf([{ source, name, points }], [0, 10])
    return csv.split("\r\n")[1]
}

const FIELDS = {
    plain: "plain",
    "a,b": '"a,b"',
    'say "hi"': '"say ""hi"""',
    "=1+1": "'=1+1",
    "-1": "'-1",
    "@a": "'@a",
    " =1": " '=1",
    "＝1": "'＝1",
    "a;=cmd|' /C calc'!A0": `"a;'=cmd|' /C calc'!A0"`,
    "a\t+1": `"a\t'+1"`,
    "a|-1": `"a|'-1"`,
    "a,@b": `"a,'@b"`,
    'a";=1': `"a"";'=1"`,
    'a"=1': `"a""'=1"`,
    "a; =1": `"a; '=1"`,
    "a;;=1;=2": `"a;;'=1;'=2"`,
    "x=1": "x=1",
    "a-b": "a-b",
}

for (const [name, field] of Object.entries(FIELDS))
    test(`${JSON.stringify(name)} is no formula, whatever separates the fields`, () => {
        assert.equal(row("s", name), `s,${field},1,2`)
        assert.equal(row(name, "s"), `${field},s,1,2`)
    })
