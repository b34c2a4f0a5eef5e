import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TestCertificates
import Testing

@testable import BatonTLS

/// Reading certificates, and reading them again.
@Suite struct TLSCertificateTests {
    private let folder: CertificateFolder
    private var files: TLSFiles { TLSFiles(certificate: folder.certificate, key: folder.key) }

    init() throws {
        folder = try CertificateFolder(.one)
    }

    private func error(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test func aFileThatCannotBeUsedIsNamed() throws {
        let certificate = try TLSCertificate(files)
        let reload = { error { try certificate.reload() } }
        try folder.write("no certificate", to: folder.certificate)
        #expect(reload() == "TLS: \(folder.certificate): holds no certificate in PEM format (BEGIN CERTIFICATE)")
        try folder.write(TestCertificate.two.certificate, to: folder.certificate)
        #expect(reload().hasPrefix("TLS: \(folder.key): is not the key of the certificate in \(folder.certificate)"))
        try folder.write("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", to: folder.key)
        #expect(reload() == "TLS: \(folder.key): holds no private key in PEM format, or an encrypted one")
        let missing = TLSFiles(certificate: folder.certificate + ".missing", key: folder.key)
        let start = error { _ = try TLSCertificate(missing) }
        #expect(start == "TLS: \(missing.certificate): cannot be read: No such file or directory")
        try folder.write(String(repeating: "A", count: 1 << 21), to: folder.certificate)
        #expect(reload() == "TLS: \(folder.certificate): is larger than 1048576 bytes, so it is no certificate")
    }

    @Test func withoutCredentialsItIsSaidHowToPassThem() {
        let start = error { _ = try TLSFiles.credentials(certificate: "cert", key: "key") }
        #expect(start.contains("LoadCredential=cert:PATH"))
    }

    @Test func newConnectionsSeeWhatWasReadLastAndTheLastGoodOneStays() async throws {
        let certificate = try TLSCertificate(files)
        let server = try await TLSTestServer.start(certificate)
        #expect(try await server.certificateName() == "one")
        let old = try await server.connect()
        try folder.write(.two)
        try certificate.reload()
        #expect(try await server.certificateName() == "two")
        try folder.write("nothing", to: folder.key)
        #expect(throws: TLSFileError.self) { try certificate.reload() }
        #expect(try await server.certificateName() == "two")
        #expect(try await old.get("/").contains("200 OK"), "a connection from before goes on")
        try await old.close()
        try await server.stop()
    }
}
