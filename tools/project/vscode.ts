/** What makes F5 work in VS Code: launch configurations, tasks and the extension, which lies in the project's folder. */
import { parse } from "jsonc-parser"
import { packaged } from "./folder.ts"

const EXTENSION = ".vscode/extensions/devicescript"
/** This repository's own tasks. */
const NOT_THERE = ["test", "hardware in the loop"]

/** Files of a new project, by path. */
export function vscodeFiles(): Record<string, string> {
    return {
        ...packaged(
            ".vscode/extensions.json",
            `${EXTENSION}/package.json`,
            `${EXTENSION}/extension.js`
        ),
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
    const file = ".vscode/tasks.json"
    const all = parse(packaged(file)[file]) as { tasks: { label: string }[] }
    const tasks = all.tasks.filter(({ label }) => !NOT_THERE.includes(label))
    return { ...all, tasks }
}

/** As it is written to a file. */
export function json(value: object): string {
    return `${JSON.stringify(value, null, 4)}\n`
}
