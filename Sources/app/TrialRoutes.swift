import ArticleRoutes
import Hummingbird
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a server should not do, to see what becomes of it; only with `--trial-routes`.
enum TrialRoutes {
    static func add(to router: Router<BasicRequestContext>, group: any EventLoopGroup) {
        // Stands still on one event loop: nothing else is read or written there.
        router.get("/trial/hang") { request, _ -> String in
            let text = request.uri.queryParameters["duration"].map(String.init) ?? ""
            guard let duration = try? GoDuration(text), duration.nanoseconds > 0 else {
                throw HTTPError(.badRequest, message: "duration=\(text): a time such as 5s is needed")
            }
            group.any().execute { usleep(UInt32(clamping: duration.nanoseconds / 1000)) }
            return "an event loop stands still for \(text)\n"
        }
        // What a child of this process inherits, as it tells itself.
        router.get("/trial/child") { _, _ -> String in
            guard let child = popen("exec 2>&1; env; ls -l /proc/self/fd", "r") else {
                throw HTTPError(.internalServerError, message: "no child could be started: error \(errno)")
            }
            defer { pclose(child) }
            var output: [UInt8] = []
            while case let byte = fgetc(child), byte != EOF { output.append(UInt8(truncatingIfNeeded: byte)) }
            return String(decoding: output, as: UTF8.self)
        }
    }
}
