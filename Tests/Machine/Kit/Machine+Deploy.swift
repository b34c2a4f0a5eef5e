public import SystemdTestKit

extension Machine {
    /// Puts a shell script in the place of a program, in one step: it is what is started from then on.
    public func deploy(_ script: String, as program: String) async throws {
        try await check("sh", "-c", "printf '%s\\n' '#!/bin/sh' '\(script)' >\(program).new")
        try await check("chmod", "755", "\(program).new")
        try await check("mv", "-T", "\(program).new", program)
    }
}
