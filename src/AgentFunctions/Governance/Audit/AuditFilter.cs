using System.Text.Json;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Represents the entries of the audit log that are sought by what they say in clear. What does not match is not even read as
/// JSON, so that a search costs little more than reading the bytes of the log.
/// </summary>
public sealed record AuditFilter
{
    /// <summary>Gets the types; none for any.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    /// <summary>Gets the tool; <see langword="null"/> for any.</summary>
    public string? Tool { get; init; }

    /// <summary>Gets who acted; <see langword="null"/> for anybody.</summary>
    public string? Actor { get; init; }

    /// <summary>Gets what the bytes of an entry have: one of each group.</summary>
    internal IReadOnlyList<IReadOnlyList<byte[]>> Marks() =>
    [
        .. new[] { [.. Types.Select(static type => Mark("type", type))], MarksOf("tool", Tool), MarksOf("actor", Actor) }
            .Where(static group => group.Count > 0),
    ];

    internal bool Matches(AuditEntry entry) => (Types.Count == 0 || Types.Contains(entry.Type, StringComparer.Ordinal))
        && (Tool is null || entry.Tool == Tool) && (Actor is null || entry.Actor == Actor);

    private static IReadOnlyList<byte[]> MarksOf(string member, string? value) => value is null ? [] : [Mark(member, value)];

    // As the entry is written: a member and its value, with the escapes of JSON.
    private static byte[] Mark(string member, string value) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(member, AuditJsonContext.Default.String), (byte)':',
            .. JsonSerializer.SerializeToUtf8Bytes(value, AuditJsonContext.Default.String)];
}
