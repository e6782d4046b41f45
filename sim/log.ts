/** Reads the VM's log lines, and finds the places in the sources that its stack frames name. */
import { toolchain, type DebugInfo } from "./vm.ts"

/** `console.info` prints as `log`; `system` is what the VM itself has to say. */
export type LogLevel = "log" | "warn" | "error" | "debug" | "data" | "system"

export interface LogEvent {
    level: LogLevel
    /**
     * Without the level's mark; stack frames as `at name (src/app/app.ts:12:5)`. The simulator cuts lines at some 290 bytes,
     * a device at 160.
     */
    text: string
    /** The place in the sources that the line names, `src/app/app.ts:12:5`. */
    source?: string
}

/** The marks that the compiler gives `console.*`; the VM uses `!` and `*` for exceptions and their stack too. */
const LEVELS: Record<string, LogLevel> = {
    ">": "log",
    "*": "warn",
    "!": "error",
    "?": "debug",
    "#": "data",
}
/** What the VM prints with the mark of a warning though it is none. */
const NEWS =
    /^(DeviceScript .* v[\d.]+; file v[\d.]+|start: .* (\(null\)|v\d[\w.+-]*)|stop program|RESTART requested)$/
const FRAME = /at (\w*)_F(\d+) \(pc:(\d+)\)/

/** Reads the lines of one program's log. */
export class LogReader {
    private readonly positions

    constructor(private readonly debug: DebugInfo) {
        this.positions = toolchain().compiler.SrcMapResolver.from(debug)
    }

    read(line: string): LogEvent {
        const marked = /^\s*([>*!?#]) (.*)$/s.exec(line)
        const [mark, text] = marked ? marked.slice(1) : ["", line]
        const level =
            mark === "*" && NEWS.test(text)
                ? "system"
                : (LEVELS[mark] ?? "system")
        const frame = FRAME.exec(text)
        const source = frame && this.locate(Number(frame[2]), Number(frame[3]))
        if (!frame || !source) return { level, text }
        return {
            level,
            text: text.replace(frame[0], `at ${frame[1]} (${source})`),
            source,
        }
    }

    private locate(index: number, pc: number): string | undefined {
        const code = this.debug.functions[index]
        if (!code) return undefined
        // a frame's pc points behind the call that it waits for
        const [position] = this.positions.resolvePc(
            code.startpc + Math.max(pc - 1, 0)
        )
        return this.positions.posToString(position)
    }
}
