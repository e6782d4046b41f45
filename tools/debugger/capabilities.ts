import type { DebugProtocol } from "@vscode/debugprotocol"

/** What an editor may ask the adapter for. */
export const CAPABILITIES: DebugProtocol.Capabilities = {
    supportsConfigurationDoneRequest: true,
    supportsConditionalBreakpoints: true,
    supportsEvaluateForHovers: true,
    supportsExceptionInfoRequest: true,
    supportsHitConditionalBreakpoints: true,
    supportsLoadedSourcesRequest: true,
    supportsLogPoints: true,
    supportsSteppingGranularity: true,
    supportsTerminateRequest: false,
    exceptionBreakpointFilters: [
        { filter: "unhandled", label: "Uncaught Exceptions", default: true },
        { filter: "handled", label: "Caught Exceptions", default: false },
    ],
}
