import Foundation
public import SystemdTestKit

/// Debian's nginx in front of a server of the machine, and wrk in front of nginx: what its clients are told when the server restarts.
public struct ReverseProxy: Sendable {
    /// What became of wrk's requests.
    public struct Report: Sendable, CustomStringConvertible {
        /// How many answers nginx logged with each status.
        public let answers: [Int: Int]
        /// What wrk wrote.
        public let text: String

        /// wrk names what went wrong on its own connections, if anything did.
        public var hasErrors: Bool { text.contains("Socket errors") || text.contains("Non-2xx") }

        /// Everything, for the message of a failed expectation.
        public var description: String { "\(answers)\n\(text)" }
    }

    private static let port = 8088
    /// How many connections wrk keeps busy.
    public static let connections = 64
    private let machine: Machine
    private let configuration: String

    /// - Parameters:
    ///   - machine: Where the server is; nginx and wrk are this machine's own, in the network of that one.
    ///   - port: The server's port.
    public init(in machine: Machine, port: UInt16) {
        self.machine = machine
        // Connections to the server are kept, and no request is sent again: what the server loses, a client sees.
        configuration = """
            daemon off;
            master_process off;
            pid nginx.pid;
            error_log error.log;
            events { worker_connections 1024; }
            http {
                log_format status $status;
                access_log access.log status buffer=64k;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                keepalive_requests 1000000000;
                upstream server {
                    server 127.0.0.1:\(port);
                    keepalive 64;
                    keepalive_requests 1000000000;
                }
                server {
                    listen 127.0.0.1:\(Self.port);
                    location / {
                        proxy_pass http://server;
                        proxy_http_version 1.1;
                        proxy_set_header Connection "";
                        proxy_next_upstream off;
                    }
                }
            }
            """
    }

    /// Runs wrk for so many seconds through nginx, and `body` meanwhile.
    public func load(seconds: Int, _ body: @Sendable () async throws -> Void) async throws -> Report {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("proxy-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("nginx.conf")
        try configuration.write(to: file, atomically: true, encoding: .utf8)
        let script = """
            set -eu
            nginx -p \(folder.path) -e error.log -c nginx.conf & nginx=$!
            trap 'kill -QUIT $nginx; wait $nginx || true' EXIT
            until curl -fsS -o \(folder.path)/first http://127.0.0.1:\(Self.port)/ 2>\(folder.path)/curl; do
                kill -0 $nginx
                sleep 0.02
            done
            wrk --threads 1 --connections \(Self.connections) --duration \(seconds) --timeout 10 http://127.0.0.1:\(Self.port)/
            """
        async let run = machine.runBeside("bash", "-c", script, seconds: seconds + 40)
        try await machine.waitUntil { FileManager.default.fileExists(atPath: folder.path + "/first") }
        try await body()
        let result = try await run
        guard result.status == 0 else { throw MachineError("nginx and wrk: \(result)") }
        let log = try String(contentsOf: folder.appendingPathComponent("access.log"), encoding: .utf8)
        var answers: [Int: Int] = [:]
        for line in log.split(separator: "\n") { answers[Int(line) ?? 0, default: 0] += 1 }
        return Report(answers: answers, text: result.output + result.errors)
    }
}
