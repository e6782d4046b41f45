let waiting = ""

/** Prints a line on standard output; all lines of one turn of the event loop leave with one system call. */
export function print(line: string): void {
    if (!waiting) setImmediate(flush)
    waiting += line + "\n"
}

function flush(): void {
    process.stdout.write(waiting)
    waiting = ""
}

process.once("exit", flush)
