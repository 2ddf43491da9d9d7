namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Represents the texts of an audit entry, encrypted under the key of a run tree. Once that key is destroyed, nobody reads them.
/// </summary>
/// <param name="K">The root of the tree whose key they are under.</param>
/// <param name="N">The nonce, in Base64Url; <see langword="null"/> if the key is gone.</param>
/// <param name="Ct">
/// The encrypted texts with their tag (AES-256-GCM), in Base64Url; <see langword="null"/> if the key is gone.
/// </param>
public sealed record AuditSealed(string K, string? N, string? Ct);
