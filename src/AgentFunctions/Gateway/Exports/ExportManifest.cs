namespace AgentFunctions.Gateway.Exports;

/// <summary>What an exported file holds: signed, so that its parts are what the host wrote.</summary>
/// <param name="Format">The form of the file.</param>
/// <param name="Run">The root of the tree.</param>
/// <param name="Goal">The goal of the root.</param>
/// <param name="ExportedAt">When it was written (UTC).</param>
/// <param name="ExportedBy">Who asked for it.</param>
/// <param name="Parts">The parts, in the order of the file.</param>
internal sealed record ExportManifest(
    string Format, string Run, string Goal, DateTimeOffset ExportedAt, string ExportedBy, IReadOnlyList<ExportPart> Parts)
{
    public const string Version1 = "afrun/1";
}

/// <summary>A part of an exported file.</summary>
/// <param name="Name">The name.</param>
/// <param name="Bytes">The length.</param>
/// <param name="Sha256">The hash of its bytes, in lower-case hexadecimal digits.</param>
internal sealed record ExportPart(string Name, long Bytes, string Sha256);

/// <summary>The signature over the bytes of a manifest.</summary>
/// <param name="Kid">The key of the audit log that signed.</param>
/// <param name="Sig">The signature (ES256), in lower-case hexadecimal digits.</param>
internal sealed record ExportSignature(string Kid, string Sig);
