/** Part of `npm run lint`: checks the types of all DeviceScript as an editor does, folder by folder. */
import { dirname, join, relative } from "node:path"
import { Command } from "commander"
import ts from "typescript"
import { runCommand } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import { PACKAGE } from "../project/folder.ts"

/** Where a tsconfig.json says what DeviceScript is. */
const FOLDERS = [
    "src",
    "examples",
    "sim/device",
    "test/device",
    "test/hil/device",
    "bench/device",
]

/** What is wrong in the folder's own files: the toolchain's modules have faults that nobody here can mend. */
function problemsOf(folder: string): ts.Diagnostic[] {
    const file = join(PACKAGE, folder, "tsconfig.json")
    const { config, error } = ts.readConfigFile(file, ts.sys.readFile)
    if (error) return [error]
    const { fileNames, options, errors } = ts.parseJsonConfigFileContent(
        config,
        ts.sys,
        dirname(file)
    )
    const program = ts.createProgram(fileNames, options)
    return [...errors, ...ts.getPreEmitDiagnostics(program)].filter(
        ({ file }) => !file || isIn(file.fileName, folder)
    )
}

function isIn(file: string, folder: string): boolean {
    return !relative(join(PACKAGE, folder), file).startsWith("..")
}

async function main() {
    const problems = FOLDERS.flatMap(problemsOf)
    if (problems.length === 0) return
    throw new UserError(
        ts.formatDiagnostics(problems, {
            getCanonicalFileName: name => relative(PACKAGE, name),
            getCurrentDirectory: () => PACKAGE,
            getNewLine: () => "\n",
        })
    )
}

await new Command("node --import tsx tools/commands/check-types.ts")
    .description("checks the types of all DeviceScript here, as an editor does")
    .action(() => runCommand(main))
    .parseAsync()
