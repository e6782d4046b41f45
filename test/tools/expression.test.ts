import assert from "node:assert/strict"
import { resolve } from "node:path"
import { test } from "node:test"
import { compileSource } from "../../sim/program.ts"
import { Breakpoint } from "../../tools/debugger/breakpoint.ts"
import { Breakpoints } from "../../tools/debugger/breakpoints.ts"
import { evaluate, type Scope } from "../../tools/debugger/expression.ts"
import { hitCondition } from "../../tools/debugger/hit-count.ts"
import { valueOf, type Value } from "../../tools/debugger/values.ts"

/** Objects as the debugger tells them, by their reference. */
const PARTS: Record<number, Record<string, Value>> = {
    1: {
        text: valueOf("Hello"),
        count: valueOf(3),
        list: { value: "[Array(2)]", variablesReference: 2 },
        none: valueOf(null),
    },
    2: { "[0]": valueOf(10), "[1]": valueOf(20) },
}
const NAMES: Record<string, Value> = {
    n: valueOf(41),
    big: { value: "4.5e+21", variablesReference: 0 },
    name: valueOf('say "hä"'),
    empty: valueOf(""),
    yes: valueOf(true),
    nothing: valueOf(undefined),
    this: { value: "{…4…}", variablesReference: 1 },
    bytes: { value: "hex`00ff10`", variablesReference: 3 },
    long: { value: '"aaa"...', variablesReference: 0 },
    longBytes: { value: "hex`00ff ...`", variablesReference: 3 },
    run: { value: "[Function run]", variablesReference: 4 },
}
const scope: Scope = {
    variable: name => Promise.resolve(NAMES[name]),
    parts: ({ variablesReference }) =>
        Promise.resolve(
            Object.entries(PARTS[variablesReference] ?? {}).map(
                ([name, value]) => ({ name, ...value })
            )
        ),
}

test("expressions have the value that the program's have", async () => {
    for (const [expression, value] of [
        ["n", "41"],
        ["n + 1", "42"],
        ["-n * 2 % 5", "-2"],
        ["2 ** 3 | 16", "24"],
        ["~n >>> 28", "15"],
        ["big > 1e21", "true"],
        ["n === 41 && name !== 'x'", "true"],
        ["n < 41 || n >= 42", "false"],
        ['name + "!"', '"say \\"hä\\"!"'],
        ["name.length", "8"],
        ["name[5]", '"h"'],
        ["`${n} of ${this.count}`", '"41 of 3"'],
        ["this.text", '"Hello"'],
        ["this['text']", '"Hello"'],
        ["this.list", "[Array(2)]"],
        ["this.list[n - 40]", "20"],
        ["this.list.length", "2"],
        ["this.none ?? 'none'", '"none"'],
        ["this.none?.deeper", "undefined"],
        ["nothing === undefined", "true"],
        ["this === null", "false"],
        ["this !== undefined", "true"],
        ["!this", "false"],
        ["empty ? 1 : 2", "2"],
        ["empty || n", "41"],
        ["typeof this.text", '"string"'],
        ["typeof this", '"object"'],
        ["typeof run", '"function"'],
        ["bytes.length", "3"],
        ["bytes[1]", "255"],
        ["(n as number)!", "41"],
        ["NaN !== NaN", "true"],
    ])
        assert.equal(
            (await evaluate(expression, scope)).value,
            value,
            expression
        )
})

test("what has parts can be opened", async () => {
    const { variablesReference } = await evaluate("this.list", scope)
    assert.equal(variablesReference, 2)
})

test("what is refused is told why", async () => {
    for (const [expression, why] of [
        ["run()", /^run\(\): a call would have to run in the program/],
        ["new Date()", /a call would have to run/],
        ["yes && this.text.trim()", /a call would have to run/],
        ["n = 1", /^n = 1: values are read here, not changed/],
        ["n += 1", /values are read here/],
        ["n++", /values are read here/],
        ["--n", /values are read here/],
        ["await n", /a stopped program cannot wait/],
        ["() => n", /expected names, members, indexes, literals and operators/],
        ["n +", /Expression expected/],
        ["n; n", /expected an expression/],
        ["", /expected an expression/],
        ["nobody", /^there is no nobody here$/],
        ["this.nobody", /^this \({…4…}\) has no nobody$/],
        ["this.none.deeper", /^this\.none \(null\) has no deeper$/],
        ["this.list[7]", /\[Array\(2\)\]\) has no 7$/],
        ["this + 1", /no text, number or the like/],
        ["this === this", /no text, number or the like/],
        ["long + 'b'", /longer than the debugger reads/],
        ["longBytes[0]", /longer than the debugger reads/],
    ] as const)
        await assert.rejects(evaluate(expression, scope), { message: why })
})

test("a side of an operator that does not count is not evaluated", async () => {
    assert.equal((await evaluate("empty && nobody", scope)).value, '""')
    assert.equal((await evaluate("yes ? n : nobody", scope)).value, "41")
})

test("hit counts are read as VS Code's own debuggers do", () => {
    const stops = (text: string) => {
        const holds = hitCondition(text)
        return [1, 2, 3, 4, 5, 6].filter(holds)
    }
    assert.deepEqual(stops("5"), [5, 6])
    assert.deepEqual(stops(">= 5"), [5, 6])
    assert.deepEqual(stops("=3"), [3])
    assert.deepEqual(stops("=== 3"), [3])
    assert.deepEqual(stops("> 4"), [5, 6])
    assert.deepEqual(stops("<=2"), [1, 2])
    assert.deepEqual(stops("%3"), [3, 6])
    for (const text of ["x", "%0", "5 times", ">"])
        assert.throws(() => hitCondition(text), /expected a count such as 5/)
})

test("a condition, a hit count and a text hold together", async () => {
    const breakpoint = new Breakpoint({
        ...{ line: 1, condition: "n > 40", hitCondition: "%2" },
        logMessage: "n is {n}, {this.text}, {nobody}",
    })
    const elsewhere = { ...scope, variable: async () => valueOf(40) }
    assert.deepEqual(await breakpoint.pass(elsewhere), { stops: false })
    assert.deepEqual(await breakpoint.pass(scope), { stops: false })
    assert.deepEqual(await breakpoint.pass(scope), {
        stops: false,
        says: "n is 41, Hello, {nobody: there is no nobody here}",
    })
    const never = new Breakpoint({ line: 1, condition: "n > 41" })
    assert.deepEqual(await never.pass(scope), { stops: false })
    assert.deepEqual(await new Breakpoint({ line: 1 }).pass(scope), {
        stops: true,
    })
})

test("a condition that cannot be evaluated stops, and says why", async () => {
    const breakpoint = new Breakpoint({ line: 1, condition: "nobody > 1" })
    const { stops, says } = await breakpoint.pass(scope)
    assert.equal(stops, true)
    assert.match(says!, /the condition nobody > 1 .*there is no nobody here/)
    assert.throws(() => new Breakpoint({ line: 1, condition: "n >" }))
    assert.throws(() => new Breakpoint({ line: 1, logMessage: "{n n}" }))
})

test("a breakpoint that is set again as it was counts on, another one begins", async () => {
    const file = "src/counted.ts"
    const program = compileSource('console.log("a")\nconsole.log("b")', file)
    const path = resolve(file)
    const breakpoints = new Breakpoints()
    const set = (...hitConditions: string[]) => {
        const plan = breakpoints.plan(
            program,
            path,
            hitConditions.map((hitCondition, i) => ({
                ...{ line: i + 1, hitCondition },
            }))
        )
        plan.set(plan.lines.map(line => ({ verified: true, line })))
    }
    const stops = async (line: number) =>
        (await breakpoints.pass(path, line, scope)).map(one => one.stops)
    set("2", "2")
    assert.deepEqual(await stops(1), [false])
    assert.deepEqual(await stops(2), [false])
    set("2", "=2")
    assert.deepEqual(await stops(1), [true])
    assert.deepEqual(await stops(2), [false])
    set("2")
    assert.deepEqual(await stops(2), [])
})
