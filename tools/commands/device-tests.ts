/** `npm run test:device`: the tests that are DeviceScript programs, in the simulated board or in the tool chain's own VM. */
import { newCommand, runCommand } from "../../lib/command.ts"
import { UserError } from "../../lib/errors.ts"
import {
    deviceTests,
    runInBoard,
    runInStockVm,
} from "../simulator/device-tests.ts"

async function main(names: string[], { stock }: { stock?: boolean }) {
    const files = deviceTests().filter(
        file => !names.length || names.some(name => file.includes(name))
    )
    if (!files.length)
        throw new UserError(
            `expected one of ${deviceTests().join(", ")}, got ${names.join(", ")}`
        )
    let passed = 0
    let failed = 0
    for (const file of files) {
        const start = performance.now()
        const result = await (stock ? runInStockVm : runInBoard)(file)
        const { failures } = result
        passed += result.passed
        failed += failures.length
        const seconds = ((performance.now() - start) / 1000).toFixed(1)
        console.log(
            `${file}: ${result.passed} passed, ${failures.length} failed, ${seconds} s`
        )
        for (const { name, log } of failures)
            console.log([`  ${name}`, ...log].join("\n    "))
    }
    console.log(`${passed} passed, ${failed} failed`)
    if (failed) process.exitCode = 1
}

await newCommand("test:device")
    .description("runs the tests that are DeviceScript programs")
    .argument("[names...]", "parts of the files' names; default: all")
    .option("--stock", "in the tool chain's own VM, with GC stress")
    .action((names, options) => runCommand(() => main(names, options)))
    .parseAsync()
