/** A debug adapter on standard input and output, which starts all that a debug session needs, and ends it. */
import { newCommand, onStop, runCommand } from "../../lib/command.ts"
import {
    DebugAdapter,
    type Debuggee,
    type Debuggees,
    type Start,
} from "../debugger/adapter.ts"
import {
    DebugTarget,
    type DebugTargetListener,
} from "../debugger/debug-target.ts"
import { Channel } from "../debugger/protocol.ts"

/** A target that lives as long as its session. */
class OwnTarget implements Debuggees {
    private target?: Promise<DebugTarget>

    async open(start: Start, listener: DebugTargetListener): Promise<Debuggee> {
        this.target = DebugTarget.start(optionsOf(start), listener)
        const target = await this.target
        await target.deploy()
        return target
    }

    async close() {
        const target = await this.target?.catch(() => undefined)
        await target?.close()
        process.stdin.destroy()
    }
}

function optionsOf({ device, noDebug, request, ...start }: Start) {
    const kind = request === "attach" ? "board" : "simulator"
    return { ...start, device: device ?? kind, debugged: !noDebug }
}

async function main() {
    const target = new OwnTarget()
    new DebugAdapter(new Channel(process.stdin, process.stdout), target)
    onStop(() => void target.close())
    process.stdin.once("end", () => void target.close())
}

await newCommand("debug")
    .description(
        "speaks the Debug Adapter Protocol on standard input and output, for an editor that starts it"
    )
    .action(() => runCommand(main))
    .parseAsync()
