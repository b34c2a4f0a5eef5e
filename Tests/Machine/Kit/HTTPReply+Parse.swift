import Foundation
import SystemdTestKit

extension HTTPReply {
    /// The first response in these bytes and its length, or nil as long as it is not complete.
    static func parse(_ bytes: [UInt8]) throws -> (HTTPReply, length: Int)? {
        guard let headEnd = end(of: Array("\r\n\r\n".utf8), in: bytes, from: 0) else { return nil }
        let lines = String(decoding: bytes[..<(headEnd - 4)], as: UTF8.self).components(separatedBy: "\r\n")
        let statusLine = lines[0].split(separator: " ", maxSplits: 2)
        guard statusLine.count >= 2, statusLine[0] == "HTTP/1.1", let status = Int(statusLine[1]) else {
            throw MachineError("not a status line: \(lines[0])")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw MachineError("not a header field: \(line)") }
            let (name, value) = (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
            headers[name] = headers[name].map { "\($0), \(value)" } ?? value
        }
        if headers["transfer-encoding"]?.lowercased() == "chunked" {
            guard let (body, length) = try chunks(bytes, from: headEnd) else { return nil }
            return (HTTPReply(status: status, headers: headers, body: body), length)
        }
        guard let length = headers["content-length"].flatMap({ Int($0) }) else {
            throw MachineError("a response without a length: \(lines)")
        }
        guard bytes.count >= headEnd + length else { return nil }
        let body = Array(bytes[headEnd..<(headEnd + length)])
        return (HTTPReply(status: status, headers: headers, body: body), headEnd + length)
    }

    private static func chunks(_ bytes: [UInt8], from start: Int) throws -> (body: [UInt8], length: Int)? {
        let newline = Array("\r\n".utf8)
        var body: [UInt8] = []
        var position = start
        while true {
            guard let lineEnd = end(of: newline, in: bytes, from: position) else { return nil }
            let line = String(decoding: bytes[position..<(lineEnd - 2)], as: UTF8.self)
            guard let size = Int(line, radix: 16) else { throw MachineError("not a chunk size: \(line)") }
            guard bytes.count >= lineEnd + size + 2 else { return nil }
            body += bytes[lineEnd..<(lineEnd + size)]
            position = lineEnd + size + 2
            if size == 0 { return (body, position) }
        }
    }

    private static func end(of pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + pattern.count <= bytes.count {
            if bytes[index..<(index + pattern.count)].elementsEqual(pattern) { return index + pattern.count }
            index += 1
        }
        return nil
    }
}
