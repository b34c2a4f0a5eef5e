internal import Foundation

/// Certificates of tests, made once with openssl(1); their names are `one` and `two`.
package struct TestCertificate: Sendable {
    package let name: String
    package let certificate: String
    package let key: String

    package static let one = TestCertificate(
        name: "one",
        certificate: """
            -----BEGIN CERTIFICATE-----
            MIIBczCCARmgAwIBAgIUYfK+qHv1hd5h/wZcCUUvYS27ubowCgYIKoZIzj0EAwIw
            DjEMMAoGA1UEAwwDb25lMCAXDTI2MTEyMjIzMjUzNloYDzIxMjYxMDI5MjMyNTM2
            WjAOMQwwCgYDVQQDDANvbmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATaG0lK
            UJ6+yxVqGCPcE8dJoGPCnehc06ZyPhju1y0lYelctuSVIh04Mae4ropYM8gWMlCw
            sAe/yIioTBobW0Oco1MwUTAdBgNVHQ4EFgQUU7W8bStt6XzMemJ2sJ4y1/2MrWww
            HwYDVR0jBBgwFoAUU7W8bStt6XzMemJ2sJ4y1/2MrWwwDwYDVR0TAQH/BAUwAwEB
            /zAKBggqhkjOPQQDAgNIADBFAiEA3dd7+I71HJvAxK8czrgjHFZv4omgwf6pvirS
            8pFb7cACIFonuwUrVeRCOuqjhPhpuujP69csKPnQCM4a7QU8gaTI
            -----END CERTIFICATE-----
            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTkYb36bC/zvG0B6e
            X8xdjFU5vWb6yzQ8LAKAOm8WylWhRANCAATaG0lKUJ6+yxVqGCPcE8dJoGPCnehc
            06ZyPhju1y0lYelctuSVIh04Mae4ropYM8gWMlCwsAe/yIioTBobW0Oc
            -----END PRIVATE KEY-----
            """
    )

    package static let two = TestCertificate(
        name: "two",
        certificate: """
            -----BEGIN CERTIFICATE-----
            MIIBczCCARmgAwIBAgIUZpeuUKgFhh1CJ92Rvxe6D4oo/UcwCgYIKoZIzj0EAwIw
            DjEMMAoGA1UEAwwDdHdvMCAXDTI2MTEyMjIzMjUzNloYDzIxMjYxMDI5MjMyNTM2
            WjAOMQwwCgYDVQQDDAN0d28wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARkXM/4
            LjxN8iFy1ffAyRY9uTHrPKsx3F9K2nME3dXzhdTXbR+XqWrW5jKk9AqyIvmCnltc
            2eoUMhPnlC85FnGXo1MwUTAdBgNVHQ4EFgQUb2UI43WsNbCk/eOqBmOV1jkg1uUw
            HwYDVR0jBBgwFoAUb2UI43WsNbCk/eOqBmOV1jkg1uUwDwYDVR0TAQH/BAUwAwEB
            /zAKBggqhkjOPQQDAgNIADBFAiEA1GDnQL6CMwhbOqYFFfNdE+NHkiscwH6bHE9Y
            oP1c8BECIA1k2lE/w8qjqo1yun2YZwNws0Y7xo+j00EBlTVEGKLt
            -----END CERTIFICATE-----
            """,
        key: """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg5gKlRaH18FlYCKHL
            gT2hN+olInW/gc1hgM4X1ldu7YihRANCAARkXM/4LjxN8iFy1ffAyRY9uTHrPKsx
            3F9K2nME3dXzhdTXbR+XqWrW5jKk9AqyIvmCnltc2eoUMhPnlC85FnGX
            -----END PRIVATE KEY-----
            """
    )
}

/// Two files with a certificate and its key, which are removed in the end.
package final class CertificateFolder: Sendable {
    private let folder: String
    package let certificate: String
    package let key: String

    package init(_ first: TestCertificate) throws {
        folder = NSTemporaryDirectory() + "tls-\(UUID().uuidString)"
        certificate = folder + "/cert.pem"
        key = folder + "/key.pem"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try write(first)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    package func write(_ next: TestCertificate) throws {
        try write(next.certificate, to: certificate)
        try write(next.key, to: key)
    }

    package func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }
}
