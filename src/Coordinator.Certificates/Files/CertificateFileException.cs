namespace Coordinator.Certificates.Files;

/// <summary>Certificate files that cannot be used. The message is a sentence that names the file.</summary>
public sealed class CertificateFileException(string message, Exception? inner = null) : Exception(message, inner);
