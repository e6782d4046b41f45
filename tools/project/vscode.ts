/** What makes F5 work in VS Code: launch configurations, tasks and the extension, which lies in the project's folder. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { parse } from "jsonc-parser"
import { PACKAGE } from "./folder.ts"

const EXTENSION = ".vscode/extensions/devicescript"
/** This repository's own tasks. */
const NOT_THERE = ["test", "hardware in the loop"]

/** Files of a new project, by path. */
export function vscodeFiles(): Record<string, string> {
    const copied = [
        ".vscode/extensions.json",
        ...["package.json", "extension.js"].map(name => `${EXTENSION}/${name}`),
    ].map(file => [file, readFileSync(join(PACKAGE, file), "utf8")])
    return {
        ...Object.fromEntries(copied),
        ".vscode/launch.json": json({
            version: "0.2.0",
            configurations: [
                configuration("Simulator", "launch"),
                configuration("Attach to a board", "attach"),
            ],
        }),
        ".vscode/tasks.json": json(tasks()),
    }
}

function configuration(name: string, request: string) {
    return { name, type: "devicescript", request }
}

function tasks() {
    const path = join(PACKAGE, ".vscode/tasks.json")
    const all = parse(readFileSync(path, "utf8")) as {
        tasks: { label: string }[]
    }
    const tasks = all.tasks.filter(({ label }) => !NOT_THERE.includes(label))
    return { ...all, tasks }
}

/** As it is written to a file. */
export function json(value: object): string {
    return `${JSON.stringify(value, null, 4)}\n`
}
