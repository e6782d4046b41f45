import { secureOf } from "../project/generate.ts"

/** For `compilePatched`: the program as a build with the setting `PSK` makes it, which takes its key from that setting. */
export function withPsk(file: string, text: string): string {
    return file === "src/app/secure.generated.ts" ? secureOf({ PSK: "" }) : text
}
