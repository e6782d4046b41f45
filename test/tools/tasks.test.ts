/** The tasks' problem matchers, on what the tools say. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { parse } from "jsonc-parser"
import { UserError } from "../../lib/errors.ts"
import {
    BuildError,
    configurationError,
} from "../../tools/debugger/build-result.ts"

interface Pattern {
    regexp: string
    file: number
    line: number
    message: number
}

/** @returns the pattern that the project wrote for a task's output */
function patternOf(task: string): Pattern {
    const { tasks } = parse(readFileSync(".vscode/tasks.json", "utf8"))
    const { problemMatcher } = tasks.find(
        ({ label }: { label: string }) => label === task
    )
    return [problemMatcher].flat().find(one => one.pattern).pattern
}

/** @returns file, line and text of each problem in an output */
function problems(task: string, output: string) {
    const { regexp, file, line, message } = patternOf(task)
    return output.split("\n").flatMap(text => {
        const found = new RegExp(regexp).exec(text)
        return found ? [[found[file], Number(found[line]), found[message]]] : []
    })
}

const WRONG = 'devs.json:3: "network" is "token ring"; expected "wifi"'
const FOUND = ["devs.json", 3, '"network" is "token ring"; expected "wifi"']

test("build finds what is wrong in the configuration", () => {
    const output = `${WRONG}\n.env.local:2: no key COUMT`
    assert.deepEqual(problems("build", output), [
        FOUND,
        [".env.local", 2, "no key COUMT"],
    ])
})

test("sim finds what is wrong in the configuration, and what does not compile", () => {
    const { message } = configurationError(new UserError(WRONG))
    assert.deepEqual(problems("sim", message), [FOUND])
    const place = { line: 12, column: 5, endLine: 12, endColumn: 8 }
    const error = new BuildError("src/main.ts does not compile", [
        {
            file: "src/app/app.ts",
            ...place,
            severity: "error",
            text: "Cannot find name 'opt'. (TS2304)",
        },
    ])
    assert.deepEqual(problems("sim", error.message), [
        ["src/app/app.ts", 12, "Cannot find name 'opt'. (TS2304)"],
    ])
})
