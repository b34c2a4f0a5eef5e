import Baton
import Foundation
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import BatonNIO

@Suite struct ControlSocketTests {
    private func ask(_ text: String, at path: String) async throws -> String {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: path) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
            .executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(string: text))
                var answer = ""
                for try await bytes in inbound { answer += String(buffer: bytes) }
                return answer
            }
    }

    private func open(_ path: String, saying text: String) async throws -> ControlSocket {
        try await ControlSocket.open(
            path: path,
            group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test")
        ) { _ in .failed(text) }
    }

    @Test(arguments: [false, true])
    func aSuccessorsSocketStaysWhenThePredecessorEnds(leavesPath: Bool) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "control-\(UUID().uuidString.prefix(8))").path
        let old = try await open(path, saying: "old")
        let new = try await open(path, saying: "new")
        await old.close(leavesPath: leavesPath)
        let answer = try await ask("who\n", at: path)
        #expect(answer == "failed new\n")
        await new.close()
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(!FileManager.default.fileExists(atPath: "\(path).\(ProcessInfo.processInfo.processIdentifier)"))
    }

    private func withSocket(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "control-\(UUID().uuidString.prefix(8))").path
        let socket = try await ControlSocket.open(
            path: path,
            group: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "test")
        ) { question in question == "reload" ? .done : .failed("what is '\(question)'?") }
        try await body(path)
        await socket.close()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func aQuestionIsAnswered() async throws {
        try await withSocket { path in
            let answers = [try await ask("reload\n", at: path), try await ask("x\nreload\n", at: path)]
            #expect(answers == ["ok\n", "failed what is 'x'?\n"])
        }
    }

    @Test func onlyThisUserReachesIt() async throws {
        try await withSocket { path in
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func whoNeverEndsHisLineIsClosed() async throws {
        try await withSocket { path in
            // Closed with bytes that nobody has read, the connection is reset.
            let answer = try? await ask(String(repeating: "x", count: 8192), at: path)
            #expect((answer ?? "") == "")
        }
    }
}
